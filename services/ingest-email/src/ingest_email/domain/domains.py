"""Domain names and the organisations that own them, by the public suffix list that authheaders brings along."""

import importlib.resources
import re
from functools import cache

from publicsuffix2 import PublicSuffixList  # type: ignore[import-untyped]  # has no types

_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)*{_LABEL}")


def is_domain(name: str) -> bool:
    """Whether it is a name that DNS can be asked for (lower-case ASCII)."""
    return _DOMAIN.fullmatch(name) is not None


def organisation(domain: str) -> str:
    """The organisational domain (RFC 7489 §3.2): `mail.shop.co.uk` → `shop.co.uk`."""
    return str(_suffixes().get_sld(domain) or domain)


@cache
def _suffixes() -> PublicSuffixList:
    """Read once, half a second; authheaders' own function reads it for every question."""
    with (importlib.resources.files("authheaders") / "public_suffix_list.txt").open(encoding="utf-8") as lines:
        return PublicSuffixList(lines)
