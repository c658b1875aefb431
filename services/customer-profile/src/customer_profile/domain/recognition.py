"""Whose message is it? The handles that are proven decide; one that is only claimed decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omnifil_contracts import ids
from omnifil_contracts.identity import SYSTEM, Assurance, AssuredIdentity, Because, Evidence
from omnifil_contracts.message import InboundMessage

from customer_profile.domain import handles
from customer_profile.domain.evidence import each_once, evidence_of
from customer_profile.domain.identities import NEW_CUSTOMER, SAME_SENDER, KnownIdentity, Link, link_id

Known = Mapping[str, KnownIdentity]
"""Identities by key."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """Whose message it is and why, and what becomes known by it.

    `via` is the handle that decided, `present` every handle of the sender that we keep, as they are known afterwards.
    """

    customer_id: str
    assured: bool
    because: Because
    via: KnownIdentity
    present: tuple[KnownIdentity, ...]
    added: tuple[KnownIdentity, ...] = ()
    changed: tuple[KnownIdentity, ...] = ()

    def of_the_channel(self, message: InboundMessage) -> KnownIdentity:
        """The handle that the channel works with, unless it is somebody else's; then the one that decided."""
        primary = handles.primary(message.sender)
        return next((each for each in self.present if each.identity == primary and self._owns(each)), self.via)

    def _owns(self, state: KnownIdentity) -> bool:
        return state.customer_id == self.customer_id


def recognise(message: InboundMessage, known: Known) -> Recognition:
    """Decide. `known` holds what is known of `handles.keys_to_look_up` of this sender."""
    proven = handles.proven(message.sender)
    present = proven or (_unproven(message),)
    deciding = _deciding(present)
    # What this message itself made known does not count: so a redelivery decides as the first delivery did.
    settled = [each for each in deciding if _was_known_before(message, known.get(each.identity.key))]
    anchor = min(deciding, key=lambda handle: handles.strength(handle.identity))
    via = _first_in_precedence(message, settled) if settled else anchor
    via_key = via.identity.key
    customer_id = known[via_key].customer_id if via_key in known else ids.customer_id(via_key)
    new = not settled

    added = tuple(
        _first_seen(handle, _why_linked(handle, via, new, message), message, customer_id)
        for handle in present
        if handle.identity.key not in known
    )
    changed = tuple(
        after
        for handle in present
        if (before := known.get(handle.identity.key)) is not None
        and before.customer_id == customer_id
        and (after := _learned(before, handle, message)) is not before
    )
    now_known = {**known, **{each.key: each for each in (*added, *changed)}}
    return Recognition(
        customer_id=customer_id,
        assured=bool(proven),
        because=_because(message, via, now_known[via_key]),
        via=now_known[via_key],
        present=tuple(now_known[handle.identity.key] for handle in present),
        added=added,
        changed=changed,
    )


def _unproven(message: InboundMessage) -> AssuredIdentity:
    """Who proves nothing is known by the unproven handle, and as nobody else."""
    identity = handles.primary(message.sender)
    return message.sender.primary.model_copy(update={"identity": identity, "assurance": Assurance.CLAIMED})


def _deciding(present: Sequence[AssuredIdentity]) -> Sequence[AssuredIdentity]:
    """The handles that say who it is. A visitor's cookie names a browser, which persons share: it decides only when
    nothing better does."""
    return [handle for handle in present if not handles.is_anonymous(handle.identity)] or present


def _was_known_before(message: InboundMessage, state: KnownIdentity | None) -> bool:
    return state is not None and not state.is_first_seen_in(message.message_id)


def _first_in_precedence(message: InboundMessage, settled: Sequence[AssuredIdentity]) -> AssuredIdentity:
    """The handle that the channel works with, else the strongest."""
    primary = handles.primary(message.sender)
    return min(settled, key=lambda each: (each.identity != primary, handles.strength(each.identity)))


def _why_linked(handle: AssuredIdentity, via: AssuredIdentity, new: bool, message: InboundMessage) -> Because:
    """Why a handle that nobody had is now this customer's."""
    own = evidence_of(handle, message)
    if new and handle is via:
        return Because(rule=NEW_CUSTOMER, evidence=own)
    return Because(rule=SAME_SENDER, evidence=each_once((*evidence_of(via, message), *own)))


def _first_seen(handle: AssuredIdentity, because: Because, message: InboundMessage, customer_id: str) -> KnownIdentity:
    """The identity with its first link."""
    link = Link(
        link_id=link_id(handle.identity.key, message.message_id),
        customer_id=customer_id,
        assurance=handle.assurance,
        at=message.received_at,
        because=because,
        actor=SYSTEM,
        caused_by=message.message_id,
    )
    # An echo is the company's own words: its name and language are not the customer's.
    name, language = (message.sender.display_name, message.language) if message.direction == "inbound" else (None, None)
    return KnownIdentity(
        identity=handle.identity,
        version=1,
        assurance=handle.assurance,
        links=(link,),
        channel=message.channel,
        seen_at=message.received_at,
        display_name=name,
        named_at=message.received_at if name else None,
        languages=(language,) if language else (),
    )


def _learned(before: KnownIdentity, handle: AssuredIdentity, message: InboundMessage) -> KnownIdentity:
    """What the message tells of a handle that is the sender's already. An echo tells nothing of the customer."""
    if message.direction == "echo":
        return before
    after = before.assured(handle.assurance).speaking(message.language)
    if before.display_name is None or handle.identity == handles.primary(message.sender):
        after = after.named(message.sender.display_name, message.received_at)
    return after


def _because(message: InboundMessage, via: AssuredIdentity, state: KnownIdentity) -> Because:
    """Why the message is the customer's. The link that this message made itself says so."""
    if state.is_first_seen_in(message.message_id):
        return state.link.because.model_copy(update={"link_id": state.link.link_id})
    evidence = (Evidence(code="known-handle", values={"kind": state.identity.kind}), *evidence_of(via, message))
    if state.link.actor.kind == "agent":
        evidence = (Evidence(code="agent-confirmed", values={"agent": state.link.actor.name or ""}), *evidence)
    return Because(rule="identity", evidence=evidence, link_id=state.link.link_id)
