"""Handles as strings that are equal when the handles are, and how much each kind tells about a person."""

import re

from omnifil_contracts.identity import Identity

UNPROVEN = "-unproven"
"""Ends the kind of a handle that somebody only says is theirs: `email-unproven`. It is an identity of its own."""

ANONYMOUS_KINDS = frozenset({"visitor"})
"""Kinds that name a browser or device, not a person: several persons may share one."""

_STRENGTH = ("email", "phone", "shop-account")
"""What a new customer is anchored at, strongest first; then the networks' own ids, then what is anonymous."""

_ROOT_DOT = re.compile(r"[\s.]+\Z")
"""A domain may be written with the dot of the root."""

_ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def normalised(identity: Identity) -> Identity:
    """The handle in the form in which it is compared and stored.

    Addresses are compared without regard to case although RFC 5321 §2.4 leaves that to the receiving host: nobody
    hands out two mailboxes that differ in case alone. Only ASCII letters are folded, for Unicode folds letters of
    other persons' addresses onto it (the Kelvin sign is no k). Every other kind is taken verbatim.
    """
    value = identity.value.strip()
    if base_kind(identity.kind) == "email":
        value = value.lower() if value.isascii() else value.translate(_ASCII_LOWER)
        if value.endswith("."):
            value = _ROOT_DOT.sub("", value)
    return identity if value in (identity.value, "") else Identity(kind=identity.kind, value=value)


def base_kind(kind: str) -> str:
    """The kind of the proven handle: `email-unproven` → `email`."""
    return kind.removesuffix(UNPROVEN)


def is_unproven(kind: str) -> bool:
    return kind.endswith(UNPROVEN)


def proven_form(identity: Identity) -> Identity:
    """The handle that this one would be if it were proven."""
    kind = base_kind(identity.kind)
    return normalised(identity if kind == identity.kind else Identity(kind=kind, value=identity.value))


def unproven_form(identity: Identity) -> Identity:
    """The handle as an identity that stands for itself alone, whatever its channel called it."""
    return normalised(Identity(kind=base_kind(identity.kind) + UNPROVEN, value=identity.value))


def is_anonymous(identity: Identity) -> bool:
    return identity.kind in ANONYMOUS_KINDS


def strength(identity: Identity) -> tuple[int, str]:
    """Sorts handles, those that tell most about a person first. The same everywhere, also between equals."""
    if identity.kind in _STRENGTH:
        return _STRENGTH.index(identity.kind), identity.key
    return len(_STRENGTH) + is_anonymous(identity), identity.key
