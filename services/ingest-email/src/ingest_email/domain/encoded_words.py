"""RFC 2047 encoded words, as real mail writes them: inside quotes, split in the middle of a character, mislabelled."""

import base64
import binascii
import quopri
import re

from ingest_email.domain.charsets import decoded

_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"(=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)[ \t]+(?==\?[^?\s]+\?[bBqQ]\?)")


def unfolded_and_decoded(line: str) -> str:
    """The line with its encoded words decoded. Blanks between two of them are no blanks (RFC 2047 §6.2)."""
    if "=?" not in line:
        return line
    out: list[str] = []
    charset, pending, position = "", b"", 0
    for match in _WORD.finditer(line := _BETWEEN.sub(r"\1", line)):
        between = line[position : match.start()]
        position = match.end()
        name, content = match[1].lower(), _content(match[2], match[3])
        if pending and not between and name == charset:
            pending += content  # a character may be split between two words: decode them together
            continue
        out += [decoded(pending, charset), between]
        charset, pending = name, content
    return "".join([*out, decoded(pending, charset), line[position:]])


def _content(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return quopri.decodestring(raw, header=True)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw.rstrip(b"=")) % 4), validate=False)
    except (binascii.Error, ValueError):
        return raw
