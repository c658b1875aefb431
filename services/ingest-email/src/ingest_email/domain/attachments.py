"""The files of a mail: what each is called, what it is, whether it is shown inside the text."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field

from omnifil_contracts.message import Attachment

from ingest_email.domain import mail as mails
from ingest_email.domain.limits import Limits
from ingest_email.domain.mail import Part

_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,63}/[a-z0-9!#$&^_.+-]{1,63}")
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_INVISIBLE = {"Cf", "Cc", "Cs", "Co", "Zl", "Zp"}  # among them the marks that turn the reading direction: exe.gpj
_EXTENSIONS = {
    "message/rfc822": ".eml", "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics",
    "image/jpeg": ".jpg",
    "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "application/pdf": ".pdf",
    "application/ms-tnef": ".dat",
    "message/delivery-status": ".txt", "text/rfc822-headers": ".txt",
}  # fmt: skip


@dataclass
class Files:
    """The attachments as they are gathered, and the contents by their hash."""

    limits: Limits
    attachments: list[Attachment] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    by_content_id: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    """Names of files beyond the limits; they are in the original only."""

    def add(self, part: Part, *, inline: bool) -> None:
        """Take one part as a file."""
        media_type = media_type_of(part)
        name = filename(part, media_type, len(self.attachments) + 1)
        content = mails.content_of(part)
        if len(content) > self.limits.attachment_bytes or len(self.attachments) >= self.limits.attachments:
            self.left_out.append(name)
            return
        sha256 = hashlib.sha256(content).hexdigest()
        self.contents[sha256] = content
        if content_id := content_id_of(part):
            self.by_content_id.setdefault(content_id, sha256)
        self.attachments.append(
            Attachment(sha256=sha256, filename=name, media_type=media_type, size_bytes=len(content), inline=inline)
        )


def media_type_of(part: Part) -> str:
    """The declared type, if it is one."""
    declared = part.get_content_type().lower()
    return declared if _MEDIA_TYPE.fullmatch(declared) else "application/octet-stream"


def content_id_of(part: Part) -> str | None:
    """The Content-ID without its brackets."""
    value = str(part.get("content-id") or "").strip().strip("<>").strip()
    return value[:500] or None


def disposition_of(part: Part) -> str:
    """`inline`, `attachment`, or empty."""
    return str(part.get("content-disposition") or "").partition(";")[0].strip().lower()


def filename_of(part: Part) -> str:
    """The declared name, sanitised; empty when there is none that can be read."""
    try:
        declared = part.get_filename()  # RFC 2231, or RFC 2047 where mail writes that instead
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return safe_name(mails.field(str(declared))) if declared else ""


def filename(part: Part, media_type: str, number: int) -> str:
    """A name for people: no path, nothing that the eye cannot see, at most 200 characters."""
    name = filename_of(part)
    if not name and media_type == "message/rfc822":
        name = safe_name(_subject_inside(part))
        name = f"{name}.eml" if name else ""
    return name or f"attachment-{number}{_EXTENSIONS.get(media_type, '')}"


def safe_name(name: str) -> str:
    """Sanitised; may be empty. `..\\..\\x.pdf` and `/etc/x.pdf` become `x.pdf`."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = unicodedata.normalize("NFC", _UNSAFE.sub("_", name))
    name = "".join(each for each in name if unicodedata.category(each) not in _INVISIBLE)
    name = " ".join(name.split()).strip(". ")
    if len(name) > 200:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[: 199 - len(extension)]}.{extension}" if dot and len(extension) <= 20 else name[:200]
    return name


def _subject_inside(part: Part) -> str:
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Part):
        return mails.field(str(payload[0].get("subject") or ""))
    return ""
