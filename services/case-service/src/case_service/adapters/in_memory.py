"""The ports in memory, for tests and for trying things out. Held to the same contract tests as the MongoDB adapters."""

import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from omnifil_contracts.commands import CommandResult
from omnifil_contracts.dossier import TimelineEntry

from case_service.domain.contacts import Said, is_contact, said_at, takes_away
from case_service.domain.decisions import Append, Group
from case_service.domain.dossier import Dossier, evolve
from case_service.domain.lookups import Found, Lookup, Spot
from case_service.domain.references import DEFAULT_PATTERNS, Patterns
from case_service.domain.search import words_of
from case_service.ports import NEWEST_DOSSIERS, InvalidPage, Lost, Page, Question


@dataclass
class Log:
    """What is written, and its indexes: what MongoDB holds, for as many timelines as there are processes."""

    appended: list[Append] = field(default_factory=list)
    appends: dict[str, dict[int, Append]] = field(default_factory=dict)
    """By dossier, then by first `seq`."""
    ordinals: dict[str, dict[int, str]] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    spots: dict[str, list[Spot]] = field(default_factory=dict)
    effects: dict[str, Append] = field(default_factory=dict)

    def of(self, dossier_id: str) -> list[Append]:
        """The dossier's appends, in order."""
        return list(self.appends.get(dossier_id, {}).values())

    def add(self, append: Append) -> None:
        self.appended.append(append)
        self.appends.setdefault(append.dossier_id, {})[append.first_seq] = append
        for customer, ordinal in append.opens:
            self.ordinals.setdefault(customer, {})[ordinal] = append.dossier_id
        for known, spot in append.known:
            self.spots.setdefault(known, []).append(spot)
        self.claims |= dict.fromkeys(append.claims, append.dossier_id)
        self.effects |= {entry.effect_id: append for entry in append.entries}

    def refuses(self, append: Append) -> Lost | None:
        if self.has_place(append):
            return Lost()
        if any(ordinal in self.ordinals.get(customer, ()) for customer, ordinal in append.opens):
            return Lost()
        if any(claimed in self.claims for claimed in append.claims):
            return Lost()
        taken = next((entry.effect_id for entry in append.entries if entry.effect_id in self.effects), None)
        return Lost(taken) if taken is not None else None

    def has_place(self, append: Append) -> bool:
        """Whether the place in the dossier's timeline is taken."""
        return append.first_seq in self.appends.get(append.dossier_id, ())


class InMemoryTimeline:
    """Implements `Timeline`."""

    def __init__(self, *, patterns: Patterns = DEFAULT_PATTERNS, log: Log | None = None) -> None:
        self._patterns = patterns
        self.log = log or Log()
        self._claimed: dict[str, Dossier] = {}
        self._loaded: dict[str, Dossier] = {}
        """As far as somebody has asked; `load` goes on from there."""

    @property
    def appended(self) -> list[Append]:
        """In the order of their commits, as a change stream would tell."""
        return self.log.appended

    async def look_up(self, lookup: Lookup, *, newest: int | None = NEWEST_DOSSIERS) -> Found:
        log = self.log
        ordinals = {each: dict(log.ordinals[each]) for each in lookup.customers if each in log.ordinals}
        if newest is not None:
            ordinals = {customer: dict(sorted(claimed.items())[-newest:]) for customer, claimed in ordinals.items()}
        return Found(
            ordinals,
            {each: log.claims[each] for each in lookup.conversations if each in log.claims},
            {each: list(log.spots[each]) for each in lookup.known if each in log.spots},
        )

    async def load(self, dossier_ids: Sequence[str]) -> dict[str, Dossier]:
        found: dict[str, Dossier] = {}
        for dossier_id in dossier_ids:
            dossier = self._loaded.get(dossier_id)
            for append in self.log.of(dossier_id):
                if dossier is None or append.last_seq > dossier.seq:
                    for entry in append.entries:
                        dossier = evolve(dossier_id, dossier, entry, self._patterns)
            if dossier is not None:
                found[dossier_id] = self._loaded[dossier_id] = dossier
        return found

    def recall(self, conversation_id: str) -> Dossier | None:
        """As it was when the conversation was claimed: as out of date as a memory may be."""
        return self._claimed.get(conversation_id)

    async def append(self, groups: Sequence[Group]) -> dict[int, Lost]:
        lost: dict[int, Lost] = {}
        for index, group in enumerate(groups):
            refused = next((reason for each in group.appends if (reason := self._refused(each)) is not None), None)
            if refused is not None:
                lost[index] = refused
                continue
            for each in group.appends:
                self.log.add(each)
                if each.dossier is not None:
                    self._claimed |= dict.fromkeys(each.claims, each.dossier)
        return lost

    async def history(self, dossier_id: str) -> list[TimelineEntry]:
        return [entry for append in self.log.of(dossier_id) for entry in append.entries]

    async def entries(
        self, dossier_id: str, *, after_seq: int = 0, before_seq: int | None = None, limit: int
    ) -> list[TimelineEntry]:
        found = [
            entry
            for entry in await self.history(dossier_id)
            if entry.seq > after_seq and (before_seq is None or entry.seq < before_seq)
        ]
        if not limit:
            return found
        return found[:limit] if after_seq > 0 and before_seq is None else found[-limit:]

    async def said(self, dossier_ids: Sequence[str], before: datetime | None, limit: int) -> Said:
        history = {dossier_id: await self.history(dossier_id) for dossier_id in dossier_ids}
        instants = sorted(
            {said_at(entry) for entries in history.values() for entry in entries if is_contact(entry)}, reverse=True
        )
        wanted = [at for at in instants if before is None or at < before]
        complete_from = wanted[limit - 1] if len(wanted) >= limit else None
        return Said(
            {
                dossier_id: [entry for entry in entries if is_contact(entry) or takes_away(entry)]
                for dossier_id, entries in history.items()
            },
            complete_from,
        )

    async def answer_to(self, command_id: str) -> CommandResult | None:
        append = self.log.effects.get(f"cmd:{command_id}:0")
        return CommandResult.model_validate(append.answer) if append is not None else None

    async def all_appends(self) -> AsyncIterator[Append]:
        for dossier_id in sorted(self.log.appends):
            for append in self.log.of(dossier_id):
                yield append

    def _refused(self, append: Append) -> Lost | None:
        return self.log.refuses(append)


class InMemoryDossiers:
    """Implements `Dossiers`."""

    def __init__(self) -> None:
        self._dossiers: dict[str, Dossier] = {}
        self.offsets: dict[int, int] = {}

    async def store(self, dossiers: Sequence[Dossier]) -> None:
        for dossier in dossiers:
            present = self._dossiers.get(dossier.id)
            if present is None or present.seq < dossier.seq:
                self._dossiers[dossier.id] = dossier

    async def unequal(self, dossiers: Sequence[Dossier]) -> frozenset[str]:
        present = self._dossiers
        return frozenset(
            each.id
            for each in dossiers
            if each.id in present and present[each.id].seq == each.seq and present[each.id] != each
        )

    async def correct(self, dossier: Dossier) -> None:
        if self._dossiers[dossier.id].seq == dossier.seq:
            self._dossiers[dossier.id] = dossier

    async def load(self, dossier_ids: Sequence[str]) -> dict[str, Dossier]:
        return {each: self._dossiers[each] for each in dossier_ids if each in self._dossiers}

    async def find(self, question: Question) -> Page:
        found = [dossier for dossier in self._dossiers.values() if _answers(dossier, question)]
        found.sort(key=_place, reverse=True)
        if question.after is not None:
            start = _page_start(question.after)
            found = [dossier for dossier in found if _place(dossier) < start]
        shown = found[: question.limit]
        token = (
            json.dumps([shown[-1].view.last_entry_at.isoformat(), shown[-1].id]) if len(found) > len(shown) else None
        )
        return Page(
            tuple(dossier.view for dossier in shown),
            base64.urlsafe_b64encode(token.encode()).decode() if token else None,
        )

    async def longest_waits(self) -> Mapping[str, datetime]:
        waiting = [view for view in (each.view for each in self._dossiers.values()) if view.last_message]
        waits: dict[str, datetime] = {}
        for view in waiting:
            if view.unanswered_since is not None and view.last_message is not None:
                channel = view.last_message.channel
                waits[channel] = min(waits.get(channel, view.unanswered_since), view.unanswered_since)
        return waits

    async def watermark(self) -> Mapping[int, int]:
        return self.offsets


def _answers(dossier: Dossier, question: Question) -> bool:
    view = dossier.view
    if question.statuses and view.status not in question.statuses:
        return False
    if question.assigned_to is not None:
        holder = view.assigned_to.id if view.assigned_to else "none"
        if holder != question.assigned_to:
            return False
    if question.channel is not None and question.channel not in {
        each.conversation.channel for each in view.conversations
    }:
        return False
    if question.customer_id is not None and view.customer_id != question.customer_id:
        return False
    words = words_of(view.number, view.subject, view.customer_name)
    return all(any(word.startswith(asked) for word in words) for asked in question.words)


def _place(dossier: Dossier) -> tuple[datetime, str]:
    return dossier.view.last_entry_at, dossier.id


def _page_start(token: str) -> tuple[datetime, str]:
    try:
        at, dossier_id = json.loads(base64.urlsafe_b64decode(token))
        return datetime.fromisoformat(at), dossier_id
    except (ValueError, TypeError) as error:
        raise InvalidPage("This page is unknown: begin at the first.") from error
