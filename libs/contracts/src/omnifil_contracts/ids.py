"""Deterministic ids: the same message, conversation or effect has the same id wherever it is computed."""

from hashlib import sha1
from uuid import UUID

NAMESPACE = UUID("6f6d6e69-6669-5c00-8000-000000000001")


def _derived(*parts: str) -> str:
    """A UUIDv5 over parts of any content: each is prefixed by its length, so that no two lists collide.

    `uuid.uuid5` says the same in five times the time, and this stands on the way of every message.
    """
    name = "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")
    digest = bytearray(sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def message_id(channel: str, account: str, provider_message_id: str) -> str:
    """The id of a message, from the id that its provider gave it (RFC 5322 Message-ID, Messenger `mid`, …)."""
    return _derived("message", channel, account, provider_message_id)


def conversation_id(channel: str, account: str, key: str) -> str:
    """The id of a conversation, from its key inside the channel and account (root Message-ID, session, PSID, …)."""
    return _derived("conversation", channel, account, key)


def customer_id(identity_key: str) -> str:
    """The id of the customer who is first seen under this identity (`Identity.key`)."""
    return _derived("customer", identity_key)


def dossier_id(customer: str, ordinal: int) -> str:
    """The id of the customer's n-th dossier, counted from 1."""
    return _derived("dossier", customer, str(ordinal))


def outbound_id(reply_id: str, conversation: str) -> str:
    """The id of one reply on one conversation; what a deliver role sends at most once."""
    return _derived("outbound", reply_id, conversation)


def suggestion_id(dossier: str, conversation: str, candidate: str) -> str:
    """The id of a suggestion made on a dossier about a conversation and a candidate (customer or dossier id)."""
    return _derived("suggestion", dossier, conversation, candidate)


def event_id(*parts: str) -> str:
    """The CloudEvents id of an event about these things; equal for a redelivery."""
    return _derived("event", *parts)


_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def dossier_number(dossier: str) -> str:
    """What people call a dossier aloud, like `D-7K3F-92QX`: from its id, without letters that look alike."""
    number, digits = UUID(dossier).int, []
    for _ in range(8):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return f"D-{''.join(digits[:4])}-{''.join(digits[4:])}"
