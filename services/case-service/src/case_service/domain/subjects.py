"""Subjects: what a dossier is about in a few words, and the subject line of an answer."""

import re

from omnifil_contracts.message import InboundMessage

_REPLY = re.compile(r"\s{0,5}(?:re|aw|sv|rép|rif|res)\s{0,3}(?:\[\d{1,4}\])?\s{0,3}:", re.IGNORECASE)
_PREFIXES = re.compile(
    r"^(?:\s?(?:re|aw|sv|rép|rif|res|fwd?|tr|wg|enc)\s?(?:\[\d{1,4}\])?\s?:){1,50}\s?", re.IGNORECASE
)
_WORDS_CHARS = 80


def subject_of(message: InboundMessage) -> str | None:
    """The subject line without `Re:` and `Fwd:`; where the channel has none, how the text begins."""
    if message.subject is not None:
        bare = _PREFIXES.sub("", " ".join(message.subject.split()))
        if bare:
            return bare
    for line in message.text.splitlines():
        words = " ".join(line.split())
        if words:
            return words if len(words) <= _WORDS_CHARS else words[: _WORDS_CHARS - 1].rsplit(" ", 1)[0] + "…"
    return None


def answering(subject: str | None) -> str | None:
    """The subject line of an answer, `Re:` once. None where the conversation has no subject."""
    if subject is None or _REPLY.match(subject):
        return subject
    return f"Re: {subject}"


def is_answer(subject: str | None) -> bool:
    """Whether the subject line says `Re:`."""
    return subject is not None and _REPLY.match(subject) is not None
