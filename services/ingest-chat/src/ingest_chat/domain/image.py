"""Images that visitors send: told by their first bytes, never by what the browser says, and without metadata.

Pictures are not decoded here. Photographs say where they were taken; that is cut out by walking over the containers,
and of EXIF only the orientation is kept, since the picture would lie on its side without it.
"""

import struct
from collections.abc import Iterator

MAX_IMAGE_BYTES = 10 * 1024 * 1024

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs"} | {
    b"acTL", b"fcTL", b"fdAT", b"bKGD", b"cICP",
}  # fmt: skip
_WEBP_DROPPED = {b"EXIF", b"XMP "}
_WEBP_FLAGS_DROPPED = 0x08 | 0x04  # VP8X: "EXIF metadata", "XMP metadata"

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}


class NotAnImage(Exception):
    """Neither JPEG, PNG, GIF nor WebP, or broken."""


def media_type(content: bytes) -> str:
    """The type, by the first bytes. Raises `NotAnImage`."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(_PNG):
        return "image/png"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise NotAnImage("Only JPEG, PNG, GIF and WebP images can be sent.")


def without_metadata(content: bytes) -> tuple[bytes, str]:
    """The same picture without what it tells about its maker and place, and its media type. Raises `NotAnImage`."""
    kind = media_type(content)
    strip = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp, "image/gif": _gif}[kind]
    try:
        return strip(content), kind
    except (IndexError, struct.error) as error:
        raise NotAnImage("The image is broken: it ends too early.") from error


def _jpeg(content: bytes) -> bytes:
    """ITU T.81 annex B: segments up to the scan; APP0, APP2 (colour profile) and APP14 (colour transform) stay."""
    kept, at, orientation = [b"\xff\xd8"], 2, 1
    while True:
        if content[at] != 0xFF:
            raise NotAnImage("The JPEG is broken: a marker is missing.")
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:
            break
        end = at + 2 + struct.unpack_from(">H", content, at + 2)[0]
        if end > len(content) or end < at + 4:
            raise IndexError
        segment = content[at:end]
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            orientation = _orientation(segment[10:])
        is_private = 0xE0 <= marker <= 0xEF and marker not in (0xE0, 0xE2, 0xEE)
        if not is_private and marker != 0xFE:
            kept.append(segment)
        at = end
    if orientation != 1:
        kept.insert(1, _exif_with(orientation))
    # What follows the end marker is no picture (some telephones append videos there).
    ends = content.rfind(b"\xff\xd9")
    kept.append(content[at : ends + 2] if ends > at else content[at:])
    return b"".join(kept)


def _orientation(tiff: bytes) -> int:
    """EXIF 2.3 §4.6.2: the tag 0x0112 of the first directory; 1 when there is none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, directory)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, directory + 2 + index * 12)
            if tag == 0x0112 and kind == 3:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _exif_with(orientation: int) -> bytes:
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(tiff)) + b"Exif\0\0" + tiff


def _png(content: bytes) -> bytes:
    """PNG (third edition) §5.3: chunks of length, type, body, CRC."""
    kept, at = [_PNG], len(_PNG)
    while True:
        (size,) = struct.unpack_from(">I", content, at)
        name, end = content[at + 4 : at + 8], at + 12 + size
        if end > len(content):
            raise IndexError
        if name in _PNG_KEPT:
            kept.append(content[at:end])
        at = end
        if name == b"IEND":
            return b"".join(kept)


def _webp(content: bytes) -> bytes:
    """RFC 9649 §2: RIFF chunks, padded to even sizes."""
    kept: list[bytes] = []
    for name, body in _riff(content):
        if name in _WEBP_DROPPED:
            continue
        if name == b"VP8X":
            body = bytes([body[0] & ~_WEBP_FLAGS_DROPPED]) + body[1:]
        kept.append(name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2))
    chunks = b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _riff(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    (size,) = struct.unpack_from("<I", content, 4)
    at, ends = 12, min(8 + size, len(content))
    while at + 8 <= ends:
        (length,) = struct.unpack_from("<I", content, at + 4)
        if at + 8 + length > len(content):
            raise IndexError
        yield content[at : at + 4], content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _gif(content: bytes) -> bytes:
    """GIF has room for comments only; nothing that a camera writes."""
    if len(content) < 14:
        raise IndexError
    return content
