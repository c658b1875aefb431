"""What an identified message adds to which dossier."""

from collections.abc import Callable, Iterator
from datetime import datetime

from omnifil_contracts import ids
from omnifil_contracts.identity import Evidence
from omnifil_contracts.message import IdentifiedMessage, InboundMessage

from case_service.domain.authors import Author, beside
from case_service.domain.casebook import Casebook
from case_service.domain.decisions import Decision
from case_service.domain.dossier import Dossier
from case_service.domain.lookups import Lookup, sent_key
from case_service.domain.placing import beside_it, in_dossier, in_follow_up, in_new_dossier, own_conversations
from case_service.domain.policy import Policy
from case_service.domain.references import references_in
from case_service.domain.rules import correlate, is_participant, reopens
from case_service.domain.sighting import Candidate, Sighting, goes_on_for_ever
from case_service.domain.tokens import Minting, tokens_in
from case_service.domain.view import conversation_of

Recall = Callable[[str], Dossier | None]
"""Who is remembered to have a conversation; perhaps not any more."""


def lookup_of(identified: IdentifiedMessage, recall: Recall | None = None, policy: Policy | None = None) -> Lookup:
    """What has to be known before this message can be linked.

    With `recall` less is asked for, at the risk that the append is refused: nothing for one more message of a customer
    in a conversation whose dossier is remembered, and not whether others hold the conversation's id.
    """
    message = identified.message
    if recall is not None:
        own = message.conversation.conversation_id
        held = recall(own)
        if held is not None and _goes_on(identified, held, recall, policy or Policy()):
            return Lookup(recalled=((own, held),))
    if recall is not None and not goes_on_for_ever(message):
        conversations = [message.conversation.conversation_id]
    else:
        conversations = [each.conversation_id for each in own_conversations(message)]
    known = [message.message_id, *_ancestor_ids(message)]
    known += [sent_key(token.outbound_id) for token in tokens_in(message.references)]
    return Lookup(
        customers=frozenset([identified.customer_id, *(each.customer_id for each in identified.suggestions)]),
        conversations=frozenset(conversations),
        known=frozenset(known),
    )


def _goes_on(identified: IdentifiedMessage, held: Dossier, recall: Recall, policy: Policy) -> bool:
    """Whether the thread alone decides: the dossier's customer goes on in a live one, and points nowhere else."""
    message, window = identified.message, policy.of(identified.message.channel, identified.message.account)
    if "thread" not in window.rules or not (identified.assured or window.unproven_goes_on):
        return False
    if goes_on_for_ever(message) and window.pause is not None:
        own, *branches = own_conversations(message)
        talk = conversation_of(held.view, own.conversation_id)
        heard_at = talk.last_message_at if talk is not None else None
        if heard_at is None or message.received_at - heard_at > window.pause:
            return False
        if any(recall(each.conversation_id) is not None for each in branches):
            return False
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
    """The message's effect: nothing when it is known already (a redelivery, or the echo of our own reply).

    Raises `NotAsked` where what is remembered does not do.
    """
    spots = casebook.spots(identified.message.message_id)
    if spots:
        author = Author.of(identified.message)
        if any(spot.author is None or spot.author.is_of(author) for spot in spots):
            return ()
        casebook.require_asked(identified.message.message_id)  # it may stand there as well
        identified = identified.model_copy(update={"message": beside(identified.message)})
    message = identified.message
    sighting = sight(casebook, identified, policy, minting)
    verdict = correlate(sighting)
    dossier = verdict.dossier
    if dossier is None:
        return in_new_dossier(casebook, sighting, verdict)
    stale = not dossier.is_live and not reopens(dossier, identified, sighting.window)
    if stale and message.automatic is None and message.direction == "inbound":
        if is_participant(verdict):
            return in_new_dossier(casebook, sighting, beside_it(verdict, dossier, sighting))
        return in_follow_up(casebook, sighting, verdict, dossier)
    return in_dossier(casebook, sighting, verdict, dossier)


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
    for own in own_conversations(message):
        held = casebook.holder(own.conversation_id)
        if held is not None:
            yield Candidate(*held, Evidence(code="same-conversation", values={"channel": message.channel}))
        is_own = held is not None and held[0].customer_id == identified.customer_id
        if not casebook.is_claimed(own.conversation_id) or (is_own and not goes_on_for_ever(message)):
            break  # nobody else had it when this sender came: there is no branch, or no need of one
    for ancestor, known in zip(message.ancestors, _ancestor_ids(message), strict=True):
        for spot in casebook.spots(known):
            held = casebook.holder(spot.conversation_id, spot.dossier_id)
            if held is not None:
                yield Candidate(*held, Evidence(code="answers-message", values={"message": ancestor}))


def _ancestor_ids(message: InboundMessage) -> list[str]:
    return [ids.message_id(message.channel, message.account, ancestor) for ancestor in message.ancestors]
