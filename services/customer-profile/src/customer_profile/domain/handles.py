"""Handles as strings that are equal when the handles are, and how much each kind tells about a person."""

import re
from collections.abc import Callable

from omnifil_contracts.identity import Identity

from customer_profile.domain import addresses, numbers

UNPROVEN = "-unproven"
"""Ends the kind of a handle that somebody only says is theirs: `email-unproven`. It is an identity of its own."""

ANONYMOUS_KINDS = frozenset({"visitor"})
"""Kinds that name a browser or device, not a person: several persons may share one."""

ONE_EACH = frozenset({"loyalty-number", "customer-number", "shop-account"})
"""Kinds of which a person has one: two of them at one person are two persons who share a handle, or a conflict that an
agent shall look at."""

WHATSAPP = "whatsapp"
PHONE = "phone"

_STRENGTH = ("email", PHONE, "shop-account", "customer-number", "loyalty-number")
"""What a new customer is anchored at, strongest first; then the networks' own ids, then what is anonymous."""

_LONGEST = 512
"""Characters that an identity may have. What would become longer is no handle of anybody's: it stays as it is."""

_MARKS = re.compile(r"^[@+\s]+")
"""What people and networks write before a handle that is none of it."""

_WITHOUT_SPACES = str.maketrans("", "", " \u00a0\u202f\t")


def normalised(identity: Identity, region: str | None = None) -> Identity:
    """The handle in the form in which it is compared and stored. `region` (ISO 3166): where a phone number without `+`
    is dialled.

    Kinds that are not listed (page-scoped ids, shop accounts, visitors) are what a platform gave: taken verbatim.
    """
    value = identity.value.strip()
    if (compared := _COMPARED.get(base_kind(identity.kind))) is not None:
        value = compared(value)
    elif base_kind(identity.kind) == PHONE:
        value = numbers.e164(value, region) or value
    if value in (identity.value, "") or len(value) > _LONGEST:
        return identity
    return Identity(kind=identity.kind, value=value)


def former(identity: Identity) -> Identity:
    """The form that this handle was stored in before its kind was compared as it is now. What is stored so is found."""
    value = identity.value.strip()
    if base_kind(identity.kind) == "email":
        value = addresses.former(value)
    return identity if value in (identity.value, "") else Identity(kind=identity.kind, value=value)


def base_kind(kind: str) -> str:
    """The kind of the proven handle: `email-unproven` → `email`."""
    return kind.removesuffix(UNPROVEN)


def is_unproven(kind: str) -> bool:
    return kind.endswith(UNPROVEN)


def can_be_proven(identity: Identity) -> bool:
    """Whether the normalised handle could be anybody's at all: what is no number proves nothing."""
    if is_unproven(identity.kind):
        return False
    return identity.kind != PHONE or numbers.e164(identity.value) == identity.value


def proven_form(identity: Identity, region: str | None = None) -> Identity:
    """The handle that this one would be if it were proven."""
    kind = base_kind(identity.kind)
    return normalised(identity if kind == identity.kind else Identity(kind=kind, value=identity.value), region)


def unproven_form(identity: Identity, region: str | None = None) -> Identity:
    """The handle as an identity that stands for itself alone, whatever its channel called it."""
    return normalised(Identity(kind=base_kind(identity.kind) + UNPROVEN, value=identity.value), region)


def implied(identity: Identity) -> Identity | None:
    """Another handle that whoever has this one has as well: of a WhatsApp id its phone number."""
    if identity.kind == WHATSAPP and (number := numbers.of_whatsapp(identity.value)) is not None:
        return Identity(kind=PHONE, value=number)
    return None


def is_anonymous(identity: Identity) -> bool:
    return identity.kind in ANONYMOUS_KINDS


def issuer(key: str) -> tuple[str, str]:
    """Of the key of a handle of which a person has one: its kind, and whose it is (the shop of a shop account)."""
    kind, _, value = key.partition(":")
    return kind, value.rpartition(":")[0]


def strength(identity: Identity) -> tuple[int, str]:
    """Sorts handles, those that tell most about a person first. The same everywhere, also between equals."""
    if identity.kind in _STRENGTH:
        return _STRENGTH.index(identity.kind), identity.key
    return len(_STRENGTH) + is_anonymous(identity), identity.key


def _mastodon(value: str) -> str:
    """`@user@host`: the software folds the case of both (Mastodon documentation, "WebFinger": `acct:`)."""
    user, at, host = value.removeprefix("acct:").removeprefix("@").rpartition("@")
    return f"@{user}@{addresses.ascii_domain(host)}".translate(addresses.ASCII_LOWER) if at and user else value


def _bluesky(value: str) -> str:
    """A domain name, in any case (AT Protocol specification, "Handle"). A DID is left as it is."""
    return value if value.startswith("did:") else _MARKS.sub("", value).translate(addresses.ASCII_LOWER)


def _whatsapp(value: str) -> str:
    return _MARKS.sub("", value.translate(_WITHOUT_SPACES))


def _number_of_a_card(value: str) -> str:
    """Printed in groups, typed without; the letters are the issuer's own."""
    return value.translate(_WITHOUT_SPACES)


_COMPARED: dict[str, Callable[[str], str]] = {
    "email": addresses.comparable,
    WHATSAPP: _whatsapp,
    "mastodon": _mastodon,
    "bluesky": _bluesky,
    "customer-number": _number_of_a_card,
    "loyalty-number": _number_of_a_card,
}
