"""Whose message is it? The handles that are proven decide; one that is only claimed decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omnifil_contracts import ids
from omnifil_contracts.identity import SYSTEM, AssuredIdentity, Because, Evidence
from omnifil_contracts.message import InboundMessage

from customer_profile.domain import handles
from customer_profile.domain.evidence import each_once, evidence_of
from customer_profile.domain.identities import NEW_CUSTOMER, SAME_SENDER, KnownIdentity, Link, link_id
from customer_profile.domain.presented import Presented

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

    def of_the_channel(self, presented: Presented) -> KnownIdentity:
        """The handle that the channel works with, unless it is somebody else's; then the one that decided."""
        for state in self.present:
            if state.identity == presented.primary and state.customer_id == self.customer_id:
                return state
        return self.via


def recognise(presented: Presented, known: Known) -> Recognition:
    """Decide. `known` holds what is known of the keys that are presented."""
    message, present = presented.message, presented.kept
    deciding = _deciding(present)
    # What this message itself made known does not count: so a redelivery decides as the first delivery did.
    settled = [each for each in deciding if _was_known_before(message, known.get(each.identity.key))]
    if settled:
        via = _first_in_precedence(presented, settled)
    else:
        via = min(deciding, key=lambda handle: handles.strength(handle.identity))
    via_key = via.identity.key
    customer_id = known[via_key].customer_id if via_key in known else ids.customer_id(via_key)

    states: dict[str, KnownIdentity] = {}
    added: list[KnownIdentity] = []
    changed: list[KnownIdentity] = []
    for handle in present:
        before = known.get(handle.identity.key)
        if before is None:
            because = _why_linked(handle, via, message, is_new=not settled)
            state = _first_seen(handle, because, presented, customer_id)
            added.append(state)
        elif before.customer_id == customer_id:
            state = _learned(before, handle, presented)
            if state is not before:
                changed.append(state)
        else:
            state = before
        states[state.key] = state
    return Recognition(
        customer_id=customer_id,
        assured=bool(presented.proven),
        because=_because(message, via, states[via_key]),
        via=states[via_key],
        present=tuple(states.values()),
        added=tuple(added),
        changed=tuple(changed),
    )


def _deciding(present: Sequence[AssuredIdentity]) -> Sequence[AssuredIdentity]:
    """The handles that say who it is. A visitor's cookie names a browser, which persons share: it decides only when
    nothing better does."""
    return [handle for handle in present if not handles.is_anonymous(handle.identity)] or present


def _was_known_before(message: InboundMessage, state: KnownIdentity | None) -> bool:
    return state is not None and not state.is_first_seen_in(message.message_id)


def _first_in_precedence(presented: Presented, settled: Sequence[AssuredIdentity]) -> AssuredIdentity:
    """The handle that the channel works with, else the strongest."""
    return min(settled, key=lambda each: (each.identity != presented.primary, handles.strength(each.identity)))


def _why_linked(handle: AssuredIdentity, via: AssuredIdentity, message: InboundMessage, *, is_new: bool) -> Because:
    """Why a handle that nobody had is now this customer's."""
    own = evidence_of(handle, message)
    if is_new and handle is via:
        return Because(rule=NEW_CUSTOMER, evidence=own)
    return Because(rule=SAME_SENDER, evidence=each_once((*evidence_of(via, message), *own)))


def _first_seen(handle: AssuredIdentity, because: Because, presented: Presented, customer_id: str) -> KnownIdentity:
    """The identity with its first link."""
    message = presented.message
    link = Link(
        link_id=link_id(handle.identity.key, message.message_id),
        customer_id=customer_id,
        assurance=handle.assurance,
        at=message.received_at,
        because=because,
        actor=SYSTEM,
        caused_by=message.message_id,
    )
    name, language = (None, None) if presented.is_echo else (message.sender.display_name, message.language)
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


def _learned(before: KnownIdentity, handle: AssuredIdentity, presented: Presented) -> KnownIdentity:
    """What the message tells of a handle that is the sender's already."""
    if presented.is_echo:
        return before
    message = presented.message
    after = before.assured(handle.assurance).speaking(message.language)
    if before.display_name is None or handle.identity == presented.primary:
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
