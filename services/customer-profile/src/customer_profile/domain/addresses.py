"""E-mail addresses in the form in which they are compared: as the provider does, where its documentation says how.

Nobody's experience counts. Of an unknown domain the local part is folded in case alone.
Two spellings that come out equal reach one mailbox; the reverse is not claimed.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import idna

_ROOT = re.compile(r"[.\s]+$")
ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


@dataclass(frozen=True, slots=True)
class _Provider:
    """How a provider reads the local part, and the one domain that stands for those that lead to the same mailbox."""

    dots: bool = False
    """Whether dots make no difference."""
    domain: str | None = None


# Gmail Help: "Dots don't matter in Gmail addresses"; "Send emails from a different address or alias" (use Gmail
# aliases); the page on switching from googlemail.com. Of companies' own domains at Google none of it is sure.
_GMAIL = _Provider(dots=True, domain="gmail.com")
# Fastmail Help: "Plus addressing and subdomain addressing".
_FASTMAIL = _Provider()
# Proton Support: "Addresses and aliases".
_PROTON = _Provider()
# Microsoft Learn: "Plus addressing in Exchange Online"; of Outlook.com the sign-up page says that an address is made of
# letters, digits, dots, hyphens and underscores: what follows a plus sign can only be a tag.
_MICROSOFT = _Provider()

_PROVIDERS = {
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    "fastmail.com": _FASTMAIL,
    "fastmail.fm": _FASTMAIL,
    "proton.me": _PROTON,
    "protonmail.com": _PROTON,
    "pm.me": _PROTON,
    "outlook.com": _MICROSOFT,
    "hotmail.com": _MICROSOFT,
    "live.com": _MICROSOFT,
}


@lru_cache(maxsize=16_384)
def comparable(address: str) -> str:
    """The address as it is compared. Applied again it changes nothing.

    Case is folded although RFC 5321 §2.4 leaves that to the receiving host: nobody hands out two mailboxes that
    differ in case alone. In the local part only ASCII letters are, for Unicode folds letters of other persons'
    addresses onto it (the Kelvin sign is no k). Domains are compared in their ASCII form (RFC 5890 §2.3.2.1).
    """
    folded = former(address)
    local, at, domain = folded.rpartition("@")
    if not at or not local:
        return folded
    domain = ascii_domain(domain)
    if (provider := _PROVIDERS.get(domain)) is not None and not local.startswith('"'):
        bare = local.partition("+")[0]
        bare = bare.replace(".", "") if provider.dots else bare
        local = bare or local
        domain = provider.domain or domain
    return f"{local}@{domain}"


def former(address: str) -> str:
    """The address as identities were kept before providers were known: case and the root's dot folded, nothing else."""
    value = address.strip()
    value = value.lower() if value.isascii() else value.translate(ASCII_LOWER)
    # A domain may be written with the dot of the root.
    return _ROOT.sub("", value) if value.endswith(".") else value


def local_part(address: str) -> str:
    """What names the mailbox, without a tag."""
    return address.rpartition("@")[0].partition("+")[0]


def ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        # Other full stops are mapped to ours: the dot of the root shows only now.
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii").rstrip(".")
    except idna.IDNAError:
        return domain  # no domain that mail could come from: it is compared as it is written
