"""Handles as strings that are equal when the handles are, and how much each kind tells about a person."""

from collections.abc import Iterable

from omnifil_contracts.identity import Assurance, AssuredIdentity, Identity
from omnifil_contracts.message import Sender

UNPROVEN = "-unproven"
"""Ends the kind of a handle that somebody only says is theirs: `email-unproven`. It is an identity of its own."""

ANONYMOUS_KINDS = frozenset({"visitor"})
"""Kinds that name a browser or device, not a person: several persons may share one."""

_STRENGTH = ("email", "phone", "shop-account")
"""What a new customer is anchored at, strongest first; then the networks' own ids, then what is anonymous."""

_ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def normalised(identity: Identity) -> Identity:
    """The handle in the form in which it is compared and stored.

    Addresses are compared without regard to case although RFC 5321 §2.4 leaves that to the receiving host: nobody
    hands out two mailboxes that differ in case alone. Only ASCII letters are folded, for Unicode folds letters of
    other persons' addresses onto it (the Kelvin sign is no k). Every other kind is taken verbatim.
    """
    value = identity.value.strip() or identity.value
    if base_kind(identity.kind) == "email":
        value = value.translate(_ASCII_LOWER).rstrip(".")
    return identity if value == identity.value else Identity(kind=identity.kind, value=value)


def base_kind(kind: str) -> str:
    """The kind of the proven handle: `email-unproven` → `email`."""
    return kind.removesuffix(UNPROVEN)


def is_unproven(kind: str) -> bool:
    return kind.endswith(UNPROVEN)


def proven_form(identity: Identity) -> Identity:
    """The handle that this one would be if it were proven."""
    return normalised(Identity(kind=base_kind(identity.kind), value=identity.value))


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


def proven(sender: Sender) -> tuple[AssuredIdentity, ...]:
    """The handles that are certainly the sender's, normalised, the primary first, each once.

    The channel vouches for the handle that it works with; for whatever else came along it needs a signature.
    """
    candidates = [(sender.primary, Assurance.CHANNEL), *((other, Assurance.VERIFIED) for other in sender.others)]
    found: dict[str, AssuredIdentity] = {}
    for handle, needed in candidates:
        if handle.assurance.at_least(needed) and not is_unproven(handle.identity.kind):
            identity = normalised(handle.identity)
            found.setdefault(identity.key, handle.model_copy(update={"identity": identity}))
    return tuple(found.values())


def primary(sender: Sender) -> Identity:
    """The handle that the channel works with, as we know it: by itself if it is proven, else as the unproven one."""
    identity = normalised(sender.primary.identity)
    if any(handle.identity == identity for handle in proven(sender)):
        return identity
    return unproven_form(identity)


def claimed(sender: Sender) -> tuple[AssuredIdentity, ...]:
    """The handles that the sender only says are theirs, each in its proven form, the primary first, each once."""
    certain = {handle.identity.key for handle in proven(sender)}
    found: dict[str, AssuredIdentity] = {}
    for handle in sender.identities:
        identity = proven_form(handle.identity)
        if identity.key not in certain:
            found.setdefault(identity.key, handle.model_copy(update={"identity": identity}))
    return tuple(found.values())


def keys_to_look_up(senders: Iterable[Sender]) -> set[str]:
    """Every key that recognising these senders needs to know about."""
    keys: set[str] = set()
    for sender in senders:
        keys.update(handle.identity.key for handle in proven(sender))
        keys.update(handle.identity.key for handle in claimed(sender))
        keys.add(unproven_form(sender.primary.identity).key)
    return keys
