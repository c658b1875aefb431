"""Who is named in From, To and Cc; and where a From field is not one plain address, what is odd about it."""

import email.policy
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.utils import getaddresses
from typing import Literal

import idna
from omnifil_contracts.identity import Identity
from omnifil_contracts.message import Participant

from ingest_email.domain.mail import Mail, field
from ingest_email.domain.mailbox import OurMailbox

_FIELD_LIMIT_CHARS = 20_000
_ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_ATOM = r"[^\s@<>()\[\]\\,;:\"]"
_PLAIN = re.compile(rf"(?P<local>{_ATOM}{{1,64}})@(?P<domain>[^\s@<>()\[\]\\,;:\"/_]{{1,253}})")
_LOOKS_LIKE_ADDRESS = re.compile(r"[<(\[]?\s*[^\s@<>()]{1,64}@[^\s@<>()]+\.[^\s@<>()\"']+\s*[>)\]]?")


@dataclass(frozen=True)
class Address:
    """`value` is normalised (lower case, domain in its ASCII form); `as_written` keeps the case of the local part."""

    value: str
    as_written: str
    display_name: str | None

    @property
    def domain(self) -> str:
        return self.value.rpartition("@")[2]


@dataclass(frozen=True)
class From:
    """The author as the field says. `flaw` is why it cannot be proven, whatever is signed: a slug."""

    address: Address | None
    display_name: str | None
    flaw: str | None


def author(mail: Mail) -> From:
    """Who the From field names."""
    fields = mail.undecoded("from")
    if not fields:
        substitute = next(iter(addresses(mail.undecoded("sender") or mail.undecoded("return-path"))), None)
        return From(substitute, substitute.display_name if substitute else None, "no-from")
    found = addresses(fields[:1])
    first = next(iter(found), None)
    flaw = None
    if len(fields) > 1 or len(found) > 1:
        flaw = "several-from"
    elif first is None:
        flaw = "no-address"
    elif _strictly_read(fields[0]) != first.value:
        flaw = "ambiguous-from"
    name = first.display_name if first is not None else _display_name(fields[0])
    return From(first, name, flaw)


def addresses(fields: Iterable[str]) -> list[Address]:
    """The addresses in fields whose encoded words are not decoded yet; what is no address is left out."""
    bounded = [each[:_FIELD_LIMIT_CHARS] for each in fields]
    found: list[Address] = []
    try:
        pairs = getaddresses(bounded)
    except RecursionError:  # thousands of comments inside comments
        return []
    for name, value in pairs:
        address = normalised(value)
        if address is not None:
            found.append(Address(address, value.strip(), _display_name(name)))
    return found


def normalised(value: str) -> str | None:
    """An address as identities hold it, or None when it is none. Only ASCII letters are folded: what else is a capital
    letter of what, the mailbox's provider alone knows."""
    match = _PLAIN.fullmatch(value.strip())
    if match is None:
        return None
    try:
        domain = _ascii_domain(match["domain"].rstrip("."))
    except UnicodeError:
        return None
    return f"{match['local'].translate(_ASCII_LOWER)}@{domain}" if domain else None


def _ascii_domain(domain: str) -> str:
    """As mail is sent to it, by IDNA 2008 (RFC 5891): `faß.example` is a domain of its own, not `fass.example`.

    Raises `UnicodeError` for what is no domain.
    """
    if domain.isascii():
        return domain.encode("idna").decode("ascii").lower()
    return idna.encode(domain, uts46=True, transitional=False).decode("ascii")


def participants(
    mail: Mail, us: OurMailbox, sender: str | None, limit: int, believed: Collection[str] = ("to", "cc")
) -> tuple[Participant, ...]:
    """Who else was written to, without ourselves and the sender. Persons in copy are never "the customer".

    Nobody, where the fields that are `believed` do not name us: the author has not written to us and them together.
    """
    known = {sender, *us.addresses}
    found: dict[str, Participant] = {}
    roles: tuple[Literal["to", "cc"], ...] = ("to", "cc")
    written = {role: addresses(mail.undecoded(role)) for role in roles if role in believed}
    if not any(_is_ours(address.value, us) for those in written.values() for address in those):
        return ()
    for role, those in written.items():
        for address in those:
            if address.value in known or _is_ours(address.value, us) or len(found) >= limit:
                continue
            identity = Identity(kind="email", value=address.value)
            found.setdefault(
                address.value, Participant(identity=identity, role=role, display_name=address.display_name)
            )
    return tuple(found.values())


def written_to(mail: Mail) -> list[str]:
    """Every address that the mail was sent or delivered to, as written: where plus-addresses show."""
    names = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
    return [address.as_written for name in names for address in addresses(mail.undecoded(name))]


def _is_ours(address: str, us: OurMailbox) -> bool:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" in us.addresses


def _strictly_read(value: str) -> str | None:
    """The one address as a second, stricter reader sees it: a field that two readers see differently proves nothing."""
    if len(value) > 2_000:
        return None
    try:
        header = email.policy.default.header_factory("from", value)
        read = [each.addr_spec for each in header.addresses]
    except (HeaderParseError, ValueError, IndexError, AttributeError, TypeError, RecursionError, AssertionError):
        return None
    return normalised(read[0]) if len(read) == 1 else None


def _display_name(name: str) -> str | None:
    """The name without addresses inside it (`"clara@mail.example" <mallory@evil.example>`), or None."""
    readable = " ".join(_LOOKS_LIKE_ADDRESS.sub(" ", field(name)).split()).strip("\"'<>()[],; ")
    return readable[:200] or None
