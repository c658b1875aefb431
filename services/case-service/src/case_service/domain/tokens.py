"""References that we mint into replies, and know again when they come back.

`om1-<outbound id>-<mac>`: letters, digits and hyphens only, so that a Message-ID, an address and a link can all carry
it. The MAC binds the reply to its dossier and conversation; whoever lacks the key cannot make one.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

_MAC_BYTES = 15
_LIKELY = re.compile(r"om1-([a-z2-7]{26})-([a-z2-7]{24})", re.IGNORECASE)


@dataclass(frozen=True)
class Token:
    """What looks like a reference of ours; `Minting.is_ours` tells whether it is."""

    outbound_id: str
    mac: str


@dataclass(frozen=True)
class Minting:
    """Mints with the first key and recognises any of them, so that keys can be rotated."""

    keys: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("at least one key is needed to mint references")

    def mint(self, *, outbound_id: str, dossier_id: str, conversation_id: str) -> str:
        mac = _mac(self.keys[0], outbound_id, dossier_id, conversation_id)
        return f"om1-{_base32(UUID(outbound_id).bytes)}-{mac}"

    def is_ours(self, token: Token, *, dossier_id: str, conversation_id: str) -> bool:
        """Whether this token was minted for this reply in that dossier and conversation. Constant time."""
        expected = [_mac(key, token.outbound_id, dossier_id, conversation_id) for key in self.keys]
        return any([hmac.compare_digest(each, token.mac) for each in expected])


def tokens_in(references: Iterable[str]) -> tuple[Token, ...]:
    """What looks like our references, each once. Channels hand back more than the bare token at times."""
    found: dict[Token, None] = {}
    for reference in references:
        for outbound, mac in _LIKELY.findall(reference):
            found[Token(str(UUID(bytes=_bytes(outbound))), mac.lower())] = None
    return tuple(found)


def _mac(key: bytes, *parts: str) -> str:
    said = "\x00".join(parts).encode()
    return _base32(hmac.new(key, said, hashlib.sha256).digest()[:_MAC_BYTES])


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _bytes(text: str) -> bytes:
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))


def keys_of(secrets: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(secret.encode() for secret in secrets)
