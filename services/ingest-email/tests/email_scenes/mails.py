"""Mails for tests: written by hand, and signed as a customer's provider would."""

import base64
import hashlib
from functools import cache
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SELECTOR = b"s1"
SIGNED = (b"from", b"to", b"subject", b"date", b"message-id")


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_record() -> str:
    """The TXT record of the key."""
    public = (
        key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def signed(raw: bytes, domain: str, *, fields: tuple[bytes, ...] = SIGNED, length: bool = False) -> bytes:
    """The mail with a DKIM signature of this domain in front."""
    private = key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    header = dkim.sign(raw, SELECTOR, domain.encode(), private, include_headers=list(fields), length=length)
    return bytes(header) + raw


def signed_by_hand(raw: bytes, domain: str, fields: str) -> bytes:
    """The same in simple canonicalization, with fields that dkimpy refuses to sign (RFC 6376 §3.4)."""
    header, _, body = raw.partition(b"\r\n\r\n")
    lines = {line.partition(b":")[0].lower().decode(): line for line in header.split(b"\r\n")}
    body_hash = base64.b64encode(hashlib.sha256(body.rstrip(b"\r\n") + b"\r\n").digest()).decode()
    tags = f"v=1; a=rsa-sha256; c=simple/simple; d={domain}; s=s1; h={fields}; bh={body_hash}; b="
    unsigned = f"DKIM-Signature: {tags}".encode()
    covered = b"".join(lines[name] + b"\r\n" for name in fields.split(":"))
    signature = key().sign(covered + unsigned, padding.PKCS1v15(), hashes.SHA256())
    return unsigned + base64.b64encode(signature) + b"\r\n" + raw


def a_mail(
    *,
    message_id: str | None = "<m1@mail.example>",
    author: str = "Clara Martin <clara.martin@mail.example>",
    subject: str = "Order 4711",
    text: str = "Where is my order 4711?",
    **fields: str,
) -> bytes:
    """A plain mail; further fields by name (`in_reply_to=…`)."""
    lines = [f"From: {author}", "To: Support <support@brume.example>", f"Subject: {subject}"]
    lines += ["Date: Mon, 02 Mar 2026 12:00:00 +0100"]
    lines += [f"Message-ID: {message_id}"] if message_id else []
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in fields.items()]
    if "content_type" not in fields:
        lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return ("\r\n".join([*lines, "", *text.split("\n"), ""])).encode()


def answers(domain: str = "mail.example", *, policy: str | None = "v=DMARC1; p=reject") -> dict[str, tuple[str, ...]]:
    """What DNS says of a customer's domain."""
    return {
        f"s1._domainkey.{domain}": (key_record(),),
        f"_dmarc.{domain}": (policy,) if policy else (),
    }


def zone_file(path: Path, records: dict[str, tuple[str, ...]]) -> Path:
    """A master file with these TXT records."""
    lines = []
    for name, texts in records.items():
        for text in texts:
            strings = " ".join(f'"{text[start : start + 250]}"' for start in range(0, len(text), 250))
            lines.append(f"{name}. TXT {strings}")
    path.write_text("\n".join(lines) + "\n")
    return path
