"""The dossiers that a batch of decisions is about, and what has been decided so far.

A decision says what it adds to which dossiers; the casebook gives the entries their `seq` and keeps the dossiers as
they will be, so that the next decision of the batch sees them. Nothing is stored here: handlers append what comes out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from omnifil_contracts import ids
from omnifil_contracts.dossier import (
    CustomerReassigned,
    DeliveryUpdated,
    DossierOpened,
    MessageLinked,
    ReplyRequested,
    TimelineEntry,
)

from case_service.domain.authors import Author
from case_service.domain.decisions import Addition, Append, Decision, Group
from case_service.domain.dossier import Dossier, evolve
from case_service.domain.lookups import Found, Spot, sent_key
from case_service.domain.references import DEFAULT_PATTERNS, Patterns
from case_service.domain.view import conversation_of


class NotAsked(Exception):
    """To decide this, more has to be looked up than was."""


class Casebook:
    """The workspace of one batch. Not for sharing between batches."""

    def __init__(
        self,
        dossiers: Mapping[str, Dossier] | None = None,
        found: Found | None = None,
        patterns: Patterns = DEFAULT_PATTERNS,
        asked: frozenset[str] | None = None,
    ) -> None:
        """`asked`: which messages and replies were looked for; None: all that anybody will ask for."""
        found = found or Found()
        self._asked = asked
        self.patterns = patterns
        self._dossiers = dict(dossiers or {})
        self._ordinals = {customer: dict(claimed) for customer, claimed in found.ordinals.items()}
        self._claims = dict(found.claims)
        self._spots = {key: list(spots) for key, spots in found.spots.items()}
        self._appends: dict[str, Append] = {}
        self._together: list[tuple[int, tuple[str, ...]]] = []

    def get(self, dossier_id: str) -> Dossier | None:
        return self._dossiers.get(dossier_id)

    def of_customer(self, customer_id: str) -> list[Dossier]:
        """The customer's dossiers that are in this casebook, oldest first; also those that were reassigned to them."""
        claimed = sorted(self._ordinals.get(customer_id, {}).items())
        found = dict.fromkeys(dossier_id for _, dossier_id in claimed)
        loaded = (self._dossiers.get(dossier_id) for dossier_id in found)
        return [dossier for dossier in loaded if dossier is not None and dossier.customer_id == customer_id]

    def once_of_customer(self, customer_id: str) -> list[Dossier]:
        """Every dossier here that is or was this customer's, oldest first."""
        claimed = dict.fromkeys(each for _, each in sorted(self._ordinals.get(customer_id, {}).items()))
        loaded = (self._dossiers.get(dossier_id) for dossier_id in claimed)
        return [dossier for dossier in loaded if dossier is not None]

    def next_ordinal(self, customer_id: str) -> int:
        return max(self._ordinals.get(customer_id, {}), default=0) + 1

    def is_claimed(self, conversation_id: str) -> bool:
        return conversation_id in self._claims

    def require_asked(self, known: str) -> None:
        """Raises `NotAsked` if it was not looked for where this stands, so that only this batch may tell."""
        if self._asked is not None and known not in self._asked:
            raise NotAsked(known)

    def spots(self, known: str) -> Sequence[Spot]:
        """Where a message (by its id) or a sent reply (by `sent_key`) stands; empty when it is new."""
        return self._spots.get(known, ())

    def holder(self, conversation_id: str, start: str | None = None) -> tuple[Dossier, str] | None:
        """The dossier that has the conversation now, and the conversation's id there (its alias resolved).

        `start` is a dossier that has or had it; without one, the dossier that claimed the id.
        """
        dossier_id = start or self._claims.get(conversation_id)
        seen: set[tuple[str, str]] = set()
        while dossier_id is not None and (dossier := self._dossiers.get(dossier_id)) is not None:
            if dossier.has_conversation(conversation_id):
                return dossier, conversation_id
            # Each departure is later than the one before, but of two messages that were moved here alone, each may have
            # been part of the other's conversation.
            if (dossier_id, conversation_id) in seen:
                return None
            seen.add((dossier_id, conversation_id))
            if conversation_id in dossier.memory.moved_to:
                dossier_id = dossier.memory.moved_to[conversation_id]
                continue
            alias = dossier.memory.aliases.get(conversation_id)
            if alias is None:
                return None
            conversation_id = alias
        return None

    def record(self, decision: Decision, now: datetime, number: int = 0) -> None:
        """Give the entries of a decision their place. `number` names the decision in the groups that come out."""
        additions = [each for each in decision if each.drafts]
        for addition in additions:
            self._add(addition, now)
        if additions:
            self._together.append((number, tuple(each.dossier_id for each in additions)))

    def groups(self) -> list[Group]:
        """What is to be written, dossiers that one decision touches together in one group; in the order decided."""
        leader: dict[str, str] = {}

        def lead(dossier_id: str) -> str:
            while leader.setdefault(dossier_id, dossier_id) != dossier_id:
                dossier_id = leader[dossier_id]
            return dossier_id

        for _, dossier_ids in self._together:
            for other in dossier_ids[1:]:
                leader[lead(other)] = lead(dossier_ids[0])
        groups: dict[str, Group] = {}
        for dossier_id, append in self._appends.items():
            groups.setdefault(lead(dossier_id), Group([], [])).appends.append(append)
        for number, dossier_ids in self._together:
            groups[lead(dossier_ids[0])].decisions.append(number)
        return list(groups.values())

    def append_of(self, dossier_id: str) -> Append | None:
        """What this batch adds to the dossier so far."""
        return self._appends.get(dossier_id)

    def _add(self, addition: Addition, now: datetime) -> None:
        dossier = self._dossiers.get(addition.dossier_id)
        seq = dossier.seq if dossier else 0
        append = self._appends.setdefault(addition.dossier_id, Append(addition.dossier_id, seq + 1))
        for draft in addition.drafts:
            seq += 1
            entry = TimelineEntry(
                seq=seq,
                at=max(now, dossier.memory.appended_at) if dossier else now,
                occurred_at=draft.occurred_at,
                actor=draft.actor,
                effect_id=draft.effect_id,
                event=draft.event,
            )
            dossier = evolve(addition.dossier_id, dossier, entry, self.patterns)
            append.entries.append(entry)
            for known, spot in spots_of(dossier, entry):
                append.known.append((known, spot))
                append.known_at.append(entry.seq)
                self._spots.setdefault(known, []).append(spot)
            if isinstance(draft.event, DossierOpened | CustomerReassigned):
                append.opens.append((draft.event.customer_id, draft.event.ordinal))
                self._ordinals.setdefault(draft.event.customer_id, {})[draft.event.ordinal] = addition.dossier_id
        for claimed in addition.claims:
            append.claims.append(claimed)
            self._claims[claimed] = addition.dossier_id
        if dossier is not None:
            self._dossiers[addition.dossier_id] = append.dossier = dossier


def spots_of(dossier: Dossier, entry: TimelineEntry) -> Iterator[tuple[str, Spot]]:
    """What this entry makes known of where messages and replies stand."""
    event = entry.event
    if isinstance(event, MessageLinked):
        message = event.message
        spot = Spot(dossier.id, event.conversation_id, Author.of(message))
        yield message.message_id, spot
        derived = ids.message_id(message.channel, message.account, message.provider_message_id)
        if derived != message.message_id:  # somebody else has that one: answers name it all the same
            yield derived, spot
    elif isinstance(event, ReplyRequested):
        for target in event.targets:
            yield sent_key(target.outbound_id), Spot(dossier.id, target.conversation.conversation_id)
    elif isinstance(event, DeliveryUpdated) and event.provider_message_id is not None:
        held = conversation_of(dossier.view, event.conversation_id)
        if held is not None:
            conversation = held.conversation
            known = ids.message_id(conversation.channel, conversation.account, event.provider_message_id)
            yield known, Spot(dossier.id, event.conversation_id)


def dossiers_to_follow(dossiers: Iterable[Dossier], conversations: frozenset[str]) -> frozenset[str]:
    """Where these conversations (and those they are aliases of) have moved to from these dossiers."""
    wanted: set[str] = set()
    for dossier in dossiers:
        memory = dossier.memory
        if memory.moved_to:  # hardly ever; and there are as many conversations as there are messages in a batch
            aliased = {name for alias, name in memory.aliases.items() if alias in conversations}
            wanted.update(to for each, to in memory.moved_to.items() if each in conversations or each in aliased)
    return frozenset(wanted)
