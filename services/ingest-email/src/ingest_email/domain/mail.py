"""Opening a mail: bytes in, a checked tree of parts and readable header fields out."""

import email.policy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

from ingest_email.domain.charsets import clean, decoded
from ingest_email.domain.encoded_words import unfolded_and_decoded
from ingest_email.domain.limits import BrokenMail, Limits

# compat32 keeps fields as they came: the default policy's structured parsing of a hostile Content-Type raises inside
# the feed parser. Fields are decoded one by one when they are asked for, where a failure costs that field only.
_PARSER = BytesParser(policy=email.policy.compat32)
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_BOUNDARY_LINE = re.compile(r"(?m)^--([\w'()+,./:=?-]{1,70})[ \t]*\r?$", re.ASCII)
_BARE_CR = re.compile(rb"\r(?!\n)")
_MEANINGFUL = ("from", "to", "subject", "date", "message-id", "received", "sender", "return-path", "mime-version")

Part = Message


class Mail:
    """A mail that could be opened. Field names are compared without case."""

    def __init__(self, raw: bytes, root: Part) -> None:
        self.raw = raw
        self.root = root

    def all(self, name: str) -> list[str]:
        """Every field of this name, decoded, on one line each."""
        return [field(value) for value in _raw_fields(self.root, name)]

    def first(self, name: str) -> str:
        """The first field of this name, decoded; empty when there is none."""
        return next(iter(self.all(name)), "")

    def undecoded(self, name: str) -> list[str]:
        """Every field of this name on one line, encoded words left: structure is read before words are decoded."""
        return [_one_line(value) for value in _raw_fields(self.root, name)]

    def has(self, name: str) -> bool:
        return bool(_raw_fields(self.root, name))

    def sent_at(self) -> datetime | None:
        """When the sender says it was sent, in UTC; None when the date is none."""
        for value in self.undecoded("date")[:1]:
            try:
                told = parsedate_to_datetime(value[:200])
                told = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
            except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
                return None
            return told if 1971 <= told.year <= 9000 else None
        return None


def open_mail(raw: bytes, limits: Limits) -> Mail:
    """Parse and check. Raises `BrokenMail`."""
    if len(raw) > limits.mail_bytes:
        raise BrokenMail(
            "too-large", f"The mail has {len(raw)} bytes, more than the {limits.mail_bytes} that are taken."
        )
    _check_header(raw, limits)
    try:
        # The standard library ends lines at a bare CR, DKIM does not: seen differently, a signed mail could be made to
        # say something else.
        root = _mended(_PARSER.parsebytes(_BARE_CR.sub(b" ", raw)))
        _check_parts(root, limits)
    except RecursionError:
        raise BrokenMail("too-deep", "The mail has parts inside parts beyond what can be read.") from None
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        raise BrokenMail("unparsable", f"The parser gave up: {type(error).__name__}.") from error
    names = {name.lower() for name in root}
    if not names.intersection(_MEANINGFUL):
        raise BrokenMail("no-header", "None of the fields of a mail (From, To, Subject, Date, …) is there.")
    if not names.intersection(("from", "sender", "return-path")):
        raise BrokenMail("no-sender", "Nothing says who sent it: there is no From, no Sender, no Return-Path.")
    return Mail(raw, root)


def open_header(raw: bytes) -> Mail:
    """The fields alone, of a mail that could be opened before; `Mail.raw` is still all of it."""
    end = _END_OF_HEADER.search(raw)
    header = raw[: end.end()] if end is not None else raw
    return Mail(raw, _PARSER.parsebytes(_BARE_CR.sub(b" ", header), headersonly=True))


def parts_of(root: Part) -> Iterator[Part]:
    """Every part that is no container, depth first; what is inside an attached mail is not looked into."""
    stack = [root]
    while stack:
        part = stack.pop()
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_maintype() == "multipart":
            stack.extend(reversed([each for each in payload if isinstance(each, Message)]))
        else:
            yield part


def content_of(part: Part) -> bytes:
    """The part's bytes, transfer encoding undone; what cannot be decoded comes as it is."""
    payload = part.get_payload()
    try:
        if isinstance(payload, list):
            return b"\n".join(each.as_bytes() for each in payload if isinstance(each, Message))
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError):
        content = None
    if isinstance(content, bytes):
        return content
    return str(payload or "").encode("utf-8", "surrogateescape")


def text_of(part: Part) -> str:
    """The part as clean text."""
    try:
        charset = part.get_content_charset()
    except (ValueError, LookupError, TypeError, AttributeError):
        charset = None
    return clean(decoded(content_of(part), charset))


def field(value: str) -> str:
    """A field as people read it: unfolded, encoded words decoded, no control characters."""
    return " ".join(clean(unfolded_and_decoded(_one_line(value))).split())


def _mended(root: Part) -> Part:
    """A multipart whose boundary is missing or wrong: take the first line that looks like one."""
    payload = root.get_payload()
    if root.get_content_maintype() == "multipart" and isinstance(payload, str):
        match = _BOUNDARY_LINE.search(payload)
        if match is not None:
            header = f'Content-Type: multipart/mixed; boundary="{match[1]}"\n\n'
            body = (header + payload).encode("utf-8", "surrogateescape")
            root.set_payload(_PARSER.parsebytes(body).get_payload())
    return root


def _one_line(value: str) -> str:
    readable = decoded(value.encode("utf-8", "surrogateescape"), None)
    return re.sub(r"[\r\n]+[ \t]*", " ", readable).strip()


def _raw_fields(part: Part, name: str) -> list[str]:
    return [str(value) for key, value in part.raw_items() if key.lower() == name.lower()]


def _check_header(raw: bytes, limits: Limits) -> None:
    if not raw.strip():
        raise BrokenMail("empty", "The mail is empty.")
    end = _END_OF_HEADER.search(raw, 0, limits.header_bytes + 4)
    if end is None and len(raw) > limits.header_bytes:
        raise BrokenMail("header-too-large", f"The header is longer than {limits.header_bytes} bytes.")
    header = raw[: end.start()] if end is not None else raw
    if header.count(b"\n") >= limits.headers * 20 or len(re.findall(rb"(?m)^[!-9;-~]", header)) > limits.headers:
        raise BrokenMail("too-many-fields", f"The header has more than {limits.headers} fields.")


def _check_parts(root: Part, limits: Limits) -> None:
    count, level = 0, [root]
    for _ in range(limits.depth + 1):
        count += len(level)
        if count > limits.parts:
            raise BrokenMail("too-many-parts", f"The mail has more than {limits.parts} parts.")
        level = [
            each
            for part in level
            if isinstance(payload := part.get_payload(), list)
            for each in payload
            if isinstance(each, Message)
        ]
        if not level:
            return
    raise BrokenMail("too-deep", f"The mail has parts inside parts, more than {limits.depth} deep.")
