"""When an identity turns out to be another customer's, their dossiers follow. When that is taken back, so do they.

`customer.events` says states, not changes: `next_step` compares a customer's newest state with the dossiers and gives
the first thing that is not as it should be. Carried out again and again it comes to an end, whatever happened before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.customer import CustomerChanged, LinkedIdentity, ReleasedIdentity
from omnifil_contracts.dossier import ConversationView, CustomerReassigned, Event, SuggestionResolved
from omnifil_contracts.identity import Actor, Because, Evidence, Identity
from omnifil_contracts.message import IdentifiedMessage

from case_service.domain.casebook import Casebook
from case_service.domain.dossier import Dossier
from case_service.domain.lookups import Lookup
from case_service.domain.parting import parted, parted_evidence
from case_service.domain.policy import Policy
from case_service.domain.suggesting import live_dossiers

_BY_CUSTOMER = ("customer", "new", "follow-up", "identity")
"""Rules that link a conversation because of whose it is; what an agent, a thread or a token decided stays."""


@dataclass(frozen=True)
class Step:
    """One transaction: conversations go from one dossier to another, each gets further events.

    `to_dossier` None with conversations: a new dossier of `owner`. Without conversations: `before` is all there is.
    """

    dossier: Dossier
    because: Because
    actor: Actor
    owner: str
    conversation_ids: tuple[str, ...] = ()
    to_dossier: Dossier | None = None
    before: tuple[Event, ...] = ()
    after: tuple[Event, ...] = ()


def lookup_of_change(changed: CustomerChanged) -> Lookup:
    customers = {changed.customer_id, *(each.to_customer_id for each in changed.released), *_merged_into(changed)}
    return Lookup(customers=frozenset(customers))


def may_have_moved(casebook: Casebook, identified: IdentifiedMessage) -> bool:
    """Whether dossiers of the customer have changed hands: then this message was perhaps on its way meanwhile."""
    customer_id = identified.customer_id
    return any(each.customer_id != customer_id for each in casebook.once_of_customer(customer_id))


def as_of_now(casebook: Casebook, identified: IdentifiedMessage) -> IdentifiedMessage:
    """The message as the customer's who has its sender's handle now, as far as the dossiers tell.

    It was on its way when the customer was merged, or the handle linked elsewhere: the conversations in which it wrote
    before have changed hands already, and this one would stay behind alone. Should the dossiers be behind instead,
    `customer.events` puts them right, and this message with them. `casebook` holds the customer's with all moves.
    """
    owners = set(_owners(casebook, identified.customer_id, identified.message.sender.primary.identity))
    if len(owners) != 1 or identified.customer_id in owners:
        return identified
    owner = owners.pop()
    names = [each.view.customer_name for each in casebook.once_of_customer(identified.customer_id)]
    because = identified.because
    evidence = (Evidence(code="customer-changed", values={"previous": identified.customer_id}), *because.evidence)
    return identified.model_copy(
        update={
            "customer_id": owner,
            "customer_name": next((name for name in reversed(names) if name), identified.customer_name),
            "because": because.model_copy(update={"evidence": evidence}),
            "suggestions": tuple(each for each in identified.suggestions if each.customer_id != owner),
        }
    )


def _owners(casebook: Casebook, customer_id: str, sender: Identity) -> Iterator[str]:
    """Whose the conversations are in which this handle wrote as this customer."""
    for dossier in casebook.once_of_customer(customer_id):
        for each in dossier.view.conversations:
            if each.identity == sender:
                yield dossier.customer_id
        for conversation_id in dossier.memory.moved_to:
            held = casebook.holder(conversation_id, dossier.id)
            if held is not None and any(each.identity == sender for each in _moved_by_link(*held)):
                yield held[0].customer_id


def _merged_into(changed: CustomerChanged) -> Iterator[str]:
    """Those who went into this one: what was on its way to them meanwhile is theirs by name only."""
    return (each.other_customer_id for each in changed.merges)


def can_concern_dossiers(changed: CustomerChanged) -> bool:
    """A customer who has just appeared has no history to set right."""
    return changed.version > 1


def next_step(casebook: Casebook, changed: CustomerChanged, policy: Policy, now: datetime) -> Step | None:
    """What this customer's state asks for next; None when all is as it should be."""
    ownership = _Ownership(changed)
    theirs = (each for other in _merged_into(changed) for each in casebook.once_of_customer(other))
    concerned = {each.id: each for each in (*casebook.once_of_customer(changed.customer_id), *theirs)}
    for dossier in concerned.values():
        for step in (
            _reassigned(casebook, dossier, ownership, policy, now),
            _brought_back(casebook, dossier, ownership),
            _sent_home(casebook, dossier, ownership, policy, now),
        ):
            if step is not None:
                return step
    return None


class _Ownership:
    """Whose an identity is, as far as this customer's state tells."""

    def __init__(self, changed: CustomerChanged) -> None:
        self.customer_id = changed.customer_id
        self.name = changed.display_name
        # A conversation has the handle as the message had it.
        self._linked: dict[str, LinkedIdentity] = {key: each for each in changed.identities for key in _keys(each)}
        self._released: dict[str, ReleasedIdentity] = {}
        for each in sorted(changed.released, key=lambda released: released.at):
            self._released |= dict.fromkeys(_keys(each), each)

    def of(self, identity: Identity | None) -> str | None:
        """None: this customer never had it, so nothing is known of it here."""
        if identity is None:
            return None
        if identity.key in self._linked:
            return self.customer_id
        released = self._released.get(identity.key)
        return released.to_customer_id if released else None

    def because(self, identity: Identity, *more: Evidence) -> tuple[Because, Actor]:
        """The link that says so, and who made it."""
        link = self._linked.get(identity.key) or self._released[identity.key]
        told = {"identity": identity.value, "agent": link.actor.name or link.actor.id}
        evidence = (Evidence(code="identity-linked", values=told), *link.because.evidence, *more)
        return Because(rule="identity", evidence=evidence, link_id=link.link_id), link.actor


def _keys(known: LinkedIdentity | ReleasedIdentity) -> Iterator[str]:
    yield known.identity.key
    for spelling in known.as_written:
        yield f"{known.identity.kind}:{spelling}"


def _reassigned(
    casebook: Casebook, dossier: Dossier, ownership: _Ownership, policy: Policy, now: datetime
) -> Step | None:
    """All conversations of the dossier are one other customer's: so is the dossier; and the rule `customer` applies."""
    conversations = dossier.view.conversations
    # In some the customer has not written yet, only the company has: those go with the others.
    identities = [each.identity for each in conversations if each.identity is not None]
    owners = {ownership.of(identity) for identity in identities}
    owner = owners.pop() if len(owners) == 1 else None
    if owner is None or owner == dossier.customer_id:
        return None
    identity = identities[0]
    because, actor = ownership.because(identity)
    before: tuple[Event, ...] = (
        *_answered(dossier, owner),
        CustomerReassigned(
            customer_id=owner,
            customer_name=_name_of(casebook, dossier, owner, ownership),
            ordinal=casebook.next_ordinal(owner),
            previous_customer_id=dossier.customer_id,
            because=because,
        ),
    )
    window = policy.of(conversations[-1].conversation.channel)
    others = [each for each in live_dossiers(casebook, owner, now, window) if each.id != dossier.id]
    came_by_link = dossier.id not in {each.id for each in casebook.once_of_customer(owner)}
    if not (dossier.is_live and came_by_link and len(others) == 1):
        return Step(dossier, because, actor, owner, before=before)
    ids = tuple(each.conversation.conversation_id for each in conversations)
    if any(parted(others[0], each) for each in ids):
        return Step(dossier, because, actor, owner, before=before)
    one_live = Evidence(code="one-live-dossier", values={"number": others[0].view.number})
    merged, _ = ownership.because(identity, one_live)
    return Step(dossier, merged, actor, owner, conversation_ids=ids, to_dossier=others[0], before=before)


def _brought_back(casebook: Casebook, origin: Dossier, ownership: _Ownership) -> Step | None:
    """A conversation left this dossier because of a link, and the identity is this customer's again."""
    for conversation_id in origin.memory.moved_to:
        held = casebook.holder(conversation_id, origin.id)
        if held is None or held[0].id == origin.id or held[0].customer_id == ownership.customer_id:
            continue
        for each in _moved_by_link(held[0], conversation_id):
            came_from = held[0].memory.threads[conversation_id].moved_from
            if came_from == origin.id and ownership.of(each.identity) == ownership.customer_id:
                return _return(casebook, held[0], each, origin, ownership)
    return None


def _sent_home(
    casebook: Casebook, dossier: Dossier, ownership: _Ownership, policy: Policy, now: datetime
) -> Step | None:
    """A conversation is here because it was thought this customer's, and is another's."""
    if dossier.customer_id != ownership.customer_id:
        return None
    for each in dossier.view.conversations:
        owner = ownership.of(each.identity)
        if owner in (None, ownership.customer_id) or each.because.rule not in _BY_CUSTOMER or each.identity is None:
            continue
        conversation_id = each.conversation.conversation_id
        origin_id = dossier.memory.threads[conversation_id].moved_from
        origin = casebook.get(origin_id) if origin_id and each.because.rule == "identity" else None
        if origin is not None:
            return _return(casebook, dossier, each, origin, ownership)
        because, actor = ownership.because(each.identity)
        live = live_dossiers(casebook, str(owner), now, policy.of(each.conversation.channel))
        target = live[0] if len(live) == 1 else None
        if target is not None and parted(target, conversation_id):
            because, actor = ownership.because(each.identity, parted_evidence(target))
            target = None
        return Step(dossier, because, actor, str(owner), (conversation_id,), target)
    return None


def _return(
    casebook: Casebook, holder: Dossier, held: ConversationView, origin: Dossier, ownership: _Ownership
) -> Step:
    assert held.identity is not None  # noqa: S101 the callers have looked
    owner, conversation_id = str(ownership.of(held.identity)), held.conversation.conversation_id
    if parted(origin, conversation_id):
        because, actor = ownership.because(held.identity, parted_evidence(origin))
        return Step(holder, because, actor, owner, (conversation_id,))
    because, actor = ownership.because(held.identity, Evidence(code="back-where-it-was"))
    after: tuple[Event, ...] = ()
    if origin.customer_id != owner:
        after = (
            CustomerReassigned(
                customer_id=owner,
                customer_name=_name_of(casebook, origin, owner, ownership),
                ordinal=casebook.next_ordinal(owner),
                previous_customer_id=origin.customer_id,
                because=because,
            ),
        )
    return Step(holder, because, actor, owner, (conversation_id,), to_dossier=origin, after=after)


def _moved_by_link(dossier: Dossier, conversation_id: str) -> Iterator[ConversationView]:
    for each in dossier.view.conversations:
        if each.conversation.conversation_id == conversation_id and each.because.rule == "identity":
            yield each


def _answered(dossier: Dossier, owner: str) -> Iterator[Event]:
    """The suggestions that asked whether this is that customer."""
    for suggestion in dossier.view.suggestions:
        if suggestion.kind == "same-customer" and suggestion.customer_id == owner:
            yield SuggestionResolved(suggestion_id=suggestion.suggestion_id, accepted=True)


def _name_of(casebook: Casebook, dossier: Dossier, owner: str, ownership: _Ownership) -> str | None:
    if owner == ownership.customer_id:
        return ownership.name
    names: Sequence[str | None] = [each.view.customer_name for each in casebook.of_customer(owner)]
    names = [*names, *(each.customer_name for each in dossier.view.suggestions if each.customer_id == owner)]
    return next((name for name in reversed(names) if name), None)
