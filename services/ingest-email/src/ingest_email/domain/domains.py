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
    """The organisational domain (RFC 7489 §3.2): `mail.shop.co.uk` → `shop.co.uk`.

    publicsuffix2's own `get_sld`, and authheaders with it, takes all of a top-level domain that is not in the list for
    one organisation (`evil.example` and `mail.example`); the list's default rule `*` says otherwise.
    """
    suffix = _suffixes().get_tld(domain) or domain
    labels, own = domain.split("."), suffix.count(".") + 2
    return ".".join(labels[-own:])


@cache
def _suffixes() -> PublicSuffixList:
    """Read once, half a second; authheaders' own function reads it for every question."""
    with (importlib.resources.files("authheaders") / "public_suffix_list.txt").open(encoding="utf-8") as lines:
        return PublicSuffixList(lines)
