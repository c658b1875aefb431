"""Who else the sender may be. An agent decides; nothing here links anything."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from omnifil_contracts.identity import Assurance, Because, Evidence, Identity
from omnifil_contracts.message import CustomerSuggestion, InboundMessage

from customer_profile.domain import handles, names, profiles
from customer_profile.domain.evidence import each_once
from customer_profile.domain.identities import NEW_CUSTOMER, Named
from customer_profile.domain.presented import Presented
from customer_profile.domain.recognition import Known, Recognition

NAMESAKES_AT_MOST = 3
"""More customers of one name and the name says nothing."""
RECENTLY = timedelta(hours=24)

Found = tuple[Named, tuple[Evidence, ...]]
"""A handle of the candidate, and what speaks for it."""


def suggest(
    presented: Presented,
    recognition: Recognition,
    known: Known,
    namesakes: Sequence[Named] = (),
) -> tuple[CustomerSuggestion, ...]:
    """One suggestion per candidate, with all that speaks for it, the most telling first."""
    candidates: dict[str, list[Found]] = {}
    found = (
        *_proven_handles_of_others(recognition),
        *_claimed_handles_of_others(presented, known),
        *_said_to_be_the_same(recognition, known),
        *_same_name(presented.message, recognition, namesakes),
    )
    for state, evidence in found:
        if state.customer_id != recognition.customer_id:
            candidates.setdefault(state.customer_id, []).append((state, evidence))
    return tuple(
        CustomerSuggestion(
            customer_id=customer_id,
            display_name=profiles.display_name([state for state, _ in reasons]),
            identity=recognition.of_the_channel(presented).identity,
            linkable=recognition.assured and not any(handles.is_unproven(state.identity.kind) for state, _ in reasons),
            because=Because(rule="identity", evidence=each_once(each for _, evidence in reasons for each in evidence)),
        )
        for customer_id, reasons in candidates.items()
    )


def name_to_look_for(presented: Presented, recognition: Recognition) -> str | None:
    """The folded name whose bearers are worth a look: of who is new, or known by nothing but an unsettled handle.

    A customer who is known well is not compared again with each message: of the two, the other one asks.
    """
    message, via = presented.message, recognition.via
    unsettled = (
        len(via.links) == 1 and via.link.because.rule == NEW_CUSTOMER and via.assurance is not Assurance.VERIFIED
    )
    if not (unsettled or via.is_first_seen_in(message.message_id)):
        return None
    if presented.is_echo or message.automatic is not None:
        return None
    return names.folded(message.sender.display_name)


def _proven_handles_of_others(recognition: Recognition) -> Iterator[Found]:
    """Proven to be the sender's, and yet somebody else's: never moved silently. That two persons share a browser or a
    mailbox is no reason to think them one."""
    for state in recognition.present:
        if state.customer_id != recognition.customer_id and not (handles.is_anonymous(state.identity) or state.shared):
            yield state, (Evidence(code="handle-of-other-customer", values=_shown(state.identity)),)


def _claimed_handles_of_others(presented: Presented, known: Known) -> Iterator[Found]:
    """Handles that the sender only says are theirs, and whose they are."""
    for handle in presented.claimed:
        if (state := known.get(handle.identity.key)) is not None:
            is_primary = handles.unproven_form(handle.identity) == presented.primary
            code = "unproven-sender" if is_primary else "typed-address"
            yield state, (Evidence(code=code, values=_shown(handle.identity)),)


def _said_to_be_the_same(recognition: Recognition, known: Known) -> Iterator[Found]:
    """Handles that a source says are the same person's, and that nothing has linked by itself."""
    for state in recognition.present:
        for source, identity in state.same:
            if (other := known.get(identity.key)) is not None:
                yield other, (Evidence(code="same-at-source", values={"source": source, **_shown(identity)}),)


def _same_name(message: InboundMessage, recognition: Recognition, namesakes: Sequence[Named]) -> Iterator[Found]:
    """Customers of the same name on another channel: the surest first, then who wrote last. Who only claims to be
    somebody is left out beside who is: else each forged mail would be one more to ask about."""
    others = [
        state
        for state in namesakes
        if state.channel != message.channel and state.customer_id != recognition.customer_id
    ]
    if any(state.assurance is not Assurance.CLAIMED for state in others):
        others = [state for state in others if state.assurance is not Assurance.CLAIMED]
    others.sort(key=lambda state: (-state.assurance.rank, -state.seen_at.timestamp(), state.key))
    shown = list(dict.fromkeys(state.customer_id for state in others))[:NAMESAKES_AT_MOST]
    for state in others:
        if state.customer_id in shown:
            evidence = [Evidence(code="same-name", values={"name": state.display_name or ""})]
            if (minutes := _minutes_since(state.seen_at, message.received_at)) is not None:
                evidence.append(Evidence(code="wrote-recently", values={"minutes": str(minutes)}))
            yield state, tuple(evidence)


def _minutes_since(seen_at: datetime, now: datetime) -> int | None:
    """Whole minutes; None when it is too long ago to mean something."""
    return int((now - seen_at).total_seconds() // 60) if timedelta() <= now - seen_at <= RECENTLY else None


def _shown(identity: Identity) -> dict[str, str]:
    return {"kind": identity.kind, "handle": identity.value}
