"""From bytes to text, whatever the mail says about its charset."""

import codecs
import re

_ALIASES = {"x-unknown": "utf-8", "utf8mb4": "utf-8", "cp-850": "cp850", "iso-8859-8-i": "iso-8859-8", "ansi": "cp1252"}
# What calls itself ASCII is mostly UTF-8 when it is not; Latin-1 is cp1252 (WHATWG Encoding, "Names and labels").
_MEANT = {"ascii": "utf-8", "iso8859-1": "cp1252"}
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def decoded(content: bytes, charset: str | None) -> str:
    """The text. Tries what is declared, then UTF-8, then cp1252; never fails."""
    for name in (_codec(charset), "utf-8"):
        if name is not None:
            try:
                return content.decode(_MEANT.get(name, name))
            except (UnicodeError, ValueError):
                continue
    return content.decode("cp1252", "replace")


def clean(text: str) -> str:
    """Without control characters and lone surrogates, with \\n line ends."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _codec(charset: str | None) -> str | None:
    """Python's name of a text codec; None for what is none (`base64` and `zip` are codecs too, and no charsets)."""
    if not charset or len(charset) > 40:
        return None
    name = charset.strip().strip("\"'").lower()
    try:
        found = codecs.lookup(_ALIASES.get(name, name))
        "".encode(found.name)  # refuses what is no text encoding
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if found.name in ("idna", "punycode") else found.name
