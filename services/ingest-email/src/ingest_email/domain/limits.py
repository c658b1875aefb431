"""How much of a mail we are willing to look at. Mail is hostile ground: nothing in it is without a bound."""

from dataclasses import dataclass

from omnifil_contracts.message import MAX_TEXT_CHARS


@dataclass(frozen=True)
class Limits:
    """Beyond the first group a mail is broken; beyond the second it is shortened (the original stays whole)."""

    mail_bytes: int = 40 * 1024 * 1024
    header_bytes: int = 512 * 1024
    headers: int = 1_000
    depth: int = 20
    """Of parts inside parts."""
    parts: int = 500

    attachment_bytes: int = 30 * 1024 * 1024
    attachments: int = 100
    text_chars: int = MAX_TEXT_CHARS
    html_chars: int = 900_000
    record_bytes: int = 700_000
    """Of the record as JSON: Kafka takes a megabyte, and what others add to it needs room."""
    participants: int = 100
    ancestors: int = 50


class BrokenMail(Exception):
    """This mail cannot be normalised. `cause` is a stable slug, the text says what is wrong with it."""

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail

    def __reduce__(self) -> tuple[type["BrokenMail"], tuple[str, str]]:
        return BrokenMail, (self.cause, self.detail)  # it travels from the parsing process
