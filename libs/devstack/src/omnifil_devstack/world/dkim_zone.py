"""The customers' mail provider: it signs their mail (DKIM), and publishes key and policy in a zone file instead of DNS.

The zone is a master file (RFC 1035 §5) with TXT records.
"""

import base64
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

_SELECTOR = b"demo"
_SIGNED_HEADERS = [
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"mime-version",
    b"content-type",
]  # fmt: skip
ZONE_FILE = "customers.zone"
_STRING_BYTES = 255  # RFC 1035 §3.3


class Signer:
    """Signs for one domain with a key kept in `folder`, and keeps the zone file beside it."""

    def __init__(self, domain: str, folder: Path) -> None:
        self._domain = domain
        key_file = folder / "dkim-key.pem"
        if not key_file.exists():
            prepare(domain, folder)
        self._key = key_file.read_bytes()

    def sign(self, mail: bytes) -> bytes:
        """The mail with a DKIM-Signature (RFC 6376) on top; lines must end in CRLF."""
        signature: bytes = dkim.sign(
            mail,
            _SELECTOR,
            self._domain.encode(),
            self._key,
            include_headers=_SIGNED_HEADERS,
            canonicalize=(b"relaxed", b"relaxed"),
        )
        return signature + mail


def prepare(domain: str, folder: Path) -> Path:
    """Make key and zone once; the zone's path. The supervisor calls it before ingest-email looks for the file."""
    zone = folder / ZONE_FILE
    if zone.exists():
        return zone
    folder.mkdir(parents=True, exist_ok=True)
    key = generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "dkim-key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    records = {
        f"{_SELECTOR.decode()}._domainkey": f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}",
        "_dmarc": "v=DMARC1; p=reject; adkim=s; aspf=s",
    }
    lines = [f"{name}.{domain}. 300 IN TXT {_strings(text)}" for name, text in records.items()]
    zone.write_text("\n".join([*lines, ""]))
    return zone


def _strings(text: str) -> str:
    return " ".join(f'"{text[start : start + _STRING_BYTES]}"' for start in range(0, len(text), _STRING_BYTES))
