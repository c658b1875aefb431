"""What an identified message adds to which dossier."""

from collections.abc import Callable, Iterator
from datetime import datetime

from omnifil_contracts import ids
from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    DossierOpened,
    Event,
    MessageLinked,
    Status,
    StatusChanged,
)
from omnifil_contracts.identity import SYSTEM, Actor, Because, Evidence
from omnifil_contracts.message import Conversation, IdentifiedMessage, InboundMessage

from case_service.domain.authors import Author, beside
from case_service.domain.casebook import Addition, Casebook, Decision, Draft, Lookup, sent_key
from case_service.domain.dossier import Dossier
from case_service.domain.parting import carried_along, parted, parted_evidence
from case_service.domain.policy import Policy
from case_service.domain.references import references_in
from case_service.domain.rules import Verdict, by_same_customer, correlate, is_participant, reopens
from case_service.domain.sighting import Candidate, Sighting
from case_service.domain.subjects import subject_of
from case_service.domain.suggesting import suggestions
from case_service.domain.tokens import Minting, tokens_in
from case_service.domain.view import conversation_of

_BRANCHES = 3


Recall = Callable[[str], Dossier | None]
"""Who is remembered to have a conversation; perhaps not any more."""


def lookup_of(identified: IdentifiedMessage, recall: Recall | None = None) -> Lookup:
    """What has to be known before this message can be linked.

    With `recall` less is asked for, at the risk that the append is refused: nothing for one more message of a customer
    in a conversation whose dossier is remembered, and not whether others hold the conversation's id.
    """
    message = identified.message
    if recall is not None:
        held = recall(message.conversation.conversation_id)
        if held is not None and _goes_on(identified, held):
            return Lookup(recalled=((message.conversation.conversation_id, held),))
        conversations = [message.conversation.conversation_id]
    else:
        conversations = [each.conversation_id for each in _own_conversations(message)]
    known = [message.message_id, *_ancestor_ids(message)]
    known += [sent_key(token.outbound_id) for token in tokens_in(message.references)]
    return Lookup(
        customers=frozenset([identified.customer_id, *(each.customer_id for each in identified.suggestions)]),
        conversations=frozenset(conversations),
        known=frozenset(known),
    )


def _goes_on(identified: IdentifiedMessage, held: Dossier) -> bool:
    """Whether the thread alone decides: the dossier's customer goes on in a live one, and points nowhere else."""
    message = identified.message
    return (
        held.is_live
        and held.customer_id == identified.customer_id
        and message.direction == "inbound"
        and message.automatic is None
        and not message.references
        and not identified.suggestions
    )


def link_message(
    casebook: Casebook, identified: IdentifiedMessage, now: datetime, policy: Policy, minting: Minting
) -> Decision:
    """The message's effect: nothing when it is known already (a redelivery, or the echo of our own reply)."""
    spots = casebook.spots(identified.message.message_id)
    if spots:
        author = Author.of(identified.message)
        if any(spot.author is None or spot.author.is_of(author) for spot in spots):
            return ()
        identified = identified.model_copy(update={"message": beside(identified.message)})
    message = identified.message
    sighting = sight(casebook, identified, policy, minting)
    verdict = correlate(sighting)
    dossier = verdict.dossier
    if dossier is None:
        return _in_new_dossier(casebook, sighting, verdict)
    stale = not dossier.is_live and not reopens(dossier, identified, sighting.window)
    if stale and message.automatic is None and message.direction == "inbound":
        if is_participant(verdict):
            return _in_new_dossier(casebook, sighting, _beside(verdict, dossier, sighting))
        return _in_follow_up(casebook, sighting, verdict, dossier)
    return _in_dossier(casebook, sighting, verdict, dossier)


def sight(casebook: Casebook, identified: IdentifiedMessage, policy: Policy, minting: Minting) -> Sighting:
    """All that the rules look at for this message."""
    message = identified.message
    return Sighting(
        identified=identified,
        by_token=tuple(_by_token(casebook, message, minting)),
        by_thread=tuple(_by_thread(casebook, identified)),
        of_customer=tuple(
            each for each in casebook.of_customer(identified.customer_id) if each.view.merged_into is None
        ),
        named=references_in(policy.patterns, message.subject, message.text),
        window=policy.of(message.channel, message.account),
    )


def _by_token(casebook: Casebook, message: InboundMessage, minting: Minting) -> Iterator[Candidate]:
    for token in tokens_in(message.references):
        for spot in casebook.spots(sent_key(token.outbound_id)):
            if minting.is_ours(token, dossier_id=spot.dossier_id, conversation_id=spot.conversation_id):
                held = casebook.holder(spot.conversation_id, spot.dossier_id)
                if held is not None:
                    yield Candidate(*held, Evidence(code="token-intact", values={"reply": token.outbound_id}))


def _by_thread(casebook: Casebook, identified: IdentifiedMessage) -> Iterator[Candidate]:
    message = identified.message
    for own in _own_conversations(message):
        held = casebook.holder(own.conversation_id)
        if held is not None:
            yield Candidate(*held, Evidence(code="same-conversation", values={"channel": message.channel}))
        if not casebook.is_claimed(own.conversation_id) or (held and held[0].customer_id == identified.customer_id):
            break  # nobody else had it when this sender came: there is no branch, or no need of one
    for ancestor, known in zip(message.ancestors, _ancestor_ids(message), strict=True):
        for spot in casebook.spots(known):
            held = casebook.holder(spot.conversation_id, spot.dossier_id)
            if held is not None:
                yield Candidate(*held, Evidence(code="answers-message", values={"message": ancestor}))


def _ancestor_ids(message: InboundMessage) -> list[str]:
    return [ids.message_id(message.channel, message.account, ancestor) for ancestor in message.ancestors]


def _own_conversations(message: InboundMessage) -> Iterator[Conversation]:
    """The message's conversation, and what it is called where others hold that id: a branch for this sender alone.

    A stranger who writes into somebody's thread gets a conversation that can be answered, but not the thread.
    """
    own, sender = message.conversation, message.sender.primary.identity.key
    yield own
    for number in range(_BRANCHES):
        branch = ids.conversation_id(own.channel, own.account, f"{own.key}\n{sender}\n{number}")
        yield own.model_copy(update={"conversation_id": branch})


def _unclaimed_conversation(casebook: Casebook, message: InboundMessage) -> Conversation:
    for own in _own_conversations(message):
        if not casebook.is_claimed(own.conversation_id):
            return own
    own = message.conversation
    alone = ids.conversation_id(own.channel, own.account, f"{own.key}\n{message.message_id}")
    return own.model_copy(update={"conversation_id": alone})


def _in_dossier(casebook: Casebook, sighting: Sighting, verdict: Verdict, dossier: Dossier) -> Decision:
    """Linked to a dossier that is there: into its conversation, or with a new one of its own."""
    identified, because = sighting.identified, verdict.because
    drafts: list[Draft] = []
    claims: list[str] = []
    if verdict.conversation_id is None:
        conversation = _unclaimed_conversation(casebook, identified.message)
        drafts.append(_conversation_linked(identified, conversation, because))
        claims.append(conversation.conversation_id)
        conversation_id = conversation.conversation_id
    else:
        conversation_id = verdict.conversation_id
        alias = identified.message.conversation.conversation_id
        if not casebook.is_claimed(alias):
            claims.append(alias)
    drafts.append(_message_linked(identified, conversation_id, because))
    drafts += _status_after(identified, dossier)
    drafts += suggestions(casebook, sighting, dossier.id, conversation_id, dossier)
    return (Addition(dossier.id, tuple(drafts), tuple(claims)),)


def _in_new_dossier(casebook: Casebook, sighting: Sighting, verdict: Verdict) -> Decision:
    identified, because = sighting.identified, verdict.because
    conversation = _unclaimed_conversation(casebook, identified.message)
    follows = verdict.follows.id if verdict.follows is not None else None
    dossier_id, opened = _opened(casebook, identified, because, follows=follows)
    drafts = [
        opened,
        _conversation_linked(identified, conversation, because),
        _message_linked(identified, conversation.conversation_id, because),
    ]
    if identified.message.automatic is not None:
        # Kept, but nobody has to answer a machine.
        event = StatusChanged(status=Status.CLOSED, because=because)
        drafts.append(_draft(identified, event, SYSTEM, "status"))
    drafts += suggestions(casebook, sighting, dossier_id, conversation.conversation_id, None)
    return (Addition(dossier_id, tuple(drafts), (conversation.conversation_id,)),)


def _beside(verdict: Verdict, closed: Dossier, sighting: Sighting) -> Verdict:
    """A person in copy comes back to what has long been closed: that opens something of their own, and takes the
    customer's conversation nowhere."""
    return Verdict(Because(rule="new", evidence=(*verdict.because.evidence, _closed_too_long(closed, sighting))))


def _closed_too_long(closed: Dossier, sighting: Sighting) -> Evidence:
    days = (sighting.at - (closed.memory.closed_at or closed.memory.last_activity_at)).days
    return Evidence(code="closed-too-long", values={"days": str(days), "limit": str(sighting.window.reopens.days)})


def _in_follow_up(casebook: Casebook, sighting: Sighting, verdict: Verdict, closed: Dossier) -> Decision:
    """The dossier has been closed for too long: the conversation goes on in the customer's live one, or in a new one.

    What was said stays where it is.
    """
    identified = sighting.identified
    too_long = _closed_too_long(closed, sighting)
    drafts: list[Draft] = []
    other = by_same_customer(sighting) if "customer" in sighting.window.rules else None
    if other is not None and other.dossier is not None and _takes_on(other.dossier, verdict):
        dossier, dossier_id = other.dossier, other.dossier.id
        because = other.because.model_copy(update={"evidence": (*other.because.evidence, too_long)})
        after = list(_status_after(identified, dossier))
    else:
        told = (*verdict.because.evidence, too_long)
        if other is not None and other.dossier is not None and parted(other.dossier, verdict.conversation_id or ""):
            told = (*told, parted_evidence(other.dossier))
        because = Because(rule="follow-up", evidence=told)
        dossier, after = None, []
        dossier_id, opened = _opened(casebook, identified, because, follows=closed.id)
        drafts.append(opened)
    held = conversation_of(closed.view, verdict.conversation_id or "")
    assert held is not None  # noqa: S101 only token and thread lead to a dossier closed that long, by a conversation of it
    conversation = held.conversation
    linked = ConversationLinked(
        conversation=conversation,
        because=because,
        moved_from=closed.id,
        parted_from=carried_along(closed, conversation.conversation_id),
    )
    unlinked = ConversationUnlinked(
        conversation_id=conversation.conversation_id, moved_to=dossier_id, messages=0, because=because
    )
    drafts += [
        _draft(identified, linked, SYSTEM, "conversation"),
        _message_linked(identified, conversation.conversation_id, because),
        *after,
        *suggestions(casebook, sighting, dossier_id, conversation.conversation_id, dossier),
    ]
    return (
        Addition(dossier_id, tuple(drafts)),
        Addition(closed.id, (_draft(identified, unlinked, SYSTEM, "unlinked"),)),
    )


def _takes_on(dossier: Dossier, verdict: Verdict) -> bool:
    """Whether the conversation may go on in this dossier."""
    return dossier.is_live and verdict.conversation_id is not None and not parted(dossier, verdict.conversation_id)


def _opened(
    casebook: Casebook, identified: IdentifiedMessage, because: Because, follows: str | None
) -> tuple[str, Draft]:
    ordinal = casebook.next_ordinal(identified.customer_id)
    dossier_id = ids.dossier_id(identified.customer_id, ordinal)
    event = DossierOpened(
        customer_id=identified.customer_id,
        customer_name=identified.customer_name,
        ordinal=ordinal,
        number=ids.dossier_number(dossier_id),
        subject=subject_of(identified.message),
        because=because,
        follows=follows,
    )
    return dossier_id, _draft(identified, event, SYSTEM, "opened")


def _conversation_linked(identified: IdentifiedMessage, conversation: Conversation, because: Because) -> Draft:
    return _draft(identified, ConversationLinked(conversation=conversation, because=because), SYSTEM, "conversation")


def _message_linked(identified: IdentifiedMessage, conversation_id: str, because: Because) -> Draft:
    message = identified.message
    event = MessageLinked(
        message=message,
        conversation_id=conversation_id,
        customer_id=identified.customer_id,
        assured=identified.assured,
        because=because,
    )
    author = Actor(kind="customer", id=identified.customer_id, name=identified.customer_name)
    if message.direction == "echo":
        author = Actor(kind="integration", id=f"{message.channel}/{message.account}")
    return Draft(event, author, message.received_at, f"msg:{message.message_id}")


def _status_after(identified: IdentifiedMessage, dossier: Dossier) -> Iterator[Draft]:
    """A person's word reopens what was closed and ends the waiting; a machine's or our own does neither."""
    message, status = identified.message, dossier.view.status
    if message.automatic is not None or message.direction == "echo":
        return
    came_back = Because(rule="customer-wrote", evidence=(Evidence(code="customer-wrote"),))
    if status is Status.CLOSED:
        yield _draft(identified, StatusChanged(status=Status.REOPENED, because=came_back), SYSTEM, "status")
    elif status is Status.WAITING:
        yield _draft(identified, StatusChanged(status=Status.OPEN, because=came_back), SYSTEM, "status")


def _draft(identified: IdentifiedMessage, event: Event, actor: Actor, effect: str) -> Draft:
    message = identified.message
    return Draft(event, actor, message.received_at, f"msg:{message.message_id}:{effect}")
