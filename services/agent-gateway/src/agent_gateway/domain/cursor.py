"""Where a client is in the live stream: the next offset of every partition of the topics behind it.

Opaque to clients: base64url of JSON. It is not signed, because it gives nothing that the token does not.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

_MAX_ENCODED_CHARS = 4096

Offsets = Mapping[int, int]
"""Partition → next offset to read."""


class CursorInvalid(ValueError):
    """What the client calls a cursor is none of ours."""


@dataclass(frozen=True)
class Cursor:
    """The next offsets of dossier events and of customer events."""

    dossiers: Offsets = field(default_factory=dict)
    customers: Offsets = field(default_factory=dict)

    def encode(self) -> str:
        value = {"d": _written(self.dossiers), "c": _written(self.customers)}
        return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()

    @classmethod
    def decode(cls, encoded: str) -> Self:
        """Raises `CursorInvalid`."""
        if len(encoded) > _MAX_ENCODED_CHARS:
            raise CursorInvalid("The cursor is too long.")
        try:
            value = json.loads(base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True))
            return cls(_read(value["d"]), _read(value["c"]))
        except (binascii.Error, ValueError, TypeError, KeyError, RecursionError) as error:
            raise CursorInvalid("This is not a cursor: fetch a snapshot and use the one that it carries.") from error


def offsets_of_watermark(encoded: str) -> Offsets:
    """The offsets in the cursor that case-service puts on its snapshots. Raises `CursorInvalid`."""
    try:
        return _read(json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))))
    except (binascii.Error, ValueError, TypeError) as error:
        raise CursorInvalid(f"case-service sent a watermark that cannot be read: {encoded[:80]!r}") from error


def _written(offsets: Offsets) -> dict[str, int]:
    return {str(partition): offset for partition, offset in sorted(offsets.items())}


def _read(value: Any) -> dict[int, int]:
    if not isinstance(value, dict):
        raise TypeError(value)
    offsets = {int(partition): offset for partition, offset in value.items()}
    if not all(type(offset) is int and offset >= 0 for offset in offsets.values()):
        raise ValueError(value)
    return offsets
