"""Opening a casebook for what is to be decided, and writing what was, in an order that keeps each customer's own."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from omnifil_contracts.dossier import TimelineEntry
from omnifil_servicekit.errors import Transient

from case_service.domain.casebook import Casebook, NotAsked, dossiers_to_follow
from case_service.domain.decisions import Decision, Group
from case_service.domain.dossier import Dossier
from case_service.domain.linking import Recall
from case_service.domain.lookups import Lookup
from case_service.domain.references import Patterns
from case_service.metrics import DECISIONS_REDONE
from case_service.ports import NEWEST_DOSSIERS, Timeline

T = TypeVar("T")
Clock = Callable[[], datetime]

ROUNDS = 12
"""How often a race may be lost before the batch waits and comes again."""
_BREATH = 50
"""After so many decisions the other loops of the process get their turn: a flood does not keep an agent waiting."""


async def open_casebook(
    timeline: Timeline,
    lookup: Lookup,
    patterns: Patterns,
    *,
    newest: int | None = NEWEST_DOSSIERS,
    follow_all: bool = False,
) -> Casebook:
    """Everything that the lookup leads to, also along the moves of its conversations (`follow_all`: of any)."""
    found = await timeline.look_up(lookup, newest=newest)
    holders = {conversation_id: dossier.id for conversation_id, dossier in lookup.recalled}
    dossiers: dict[str, Dossier] = {}
    wanted = found.dossiers | lookup.dossiers
    conversations = found.conversations | lookup.conversations | holders.keys()
    while wanted:
        loaded = await timeline.load(sorted(wanted))
        dossiers |= loaded
        if follow_all:
            conversations |= {each for dossier in loaded.values() for each in dossier.memory.moved_to}
        wanted = dossiers_to_follow(loaded.values(), conversations) - dossiers.keys()
    recalled = {dossier.id: dossier for _, dossier in lookup.recalled}
    return Casebook(
        recalled | dossiers, replace(found, claims={**holders, **found.claims}), patterns, asked=lookup.known
    )


async def settle(
    timeline: Timeline,
    items: Sequence[T],
    *,
    lookup: Callable[[T, Recall | None], Lookup],
    decide: Callable[[Casebook, T, datetime], Decision],
    customer: Callable[[T], str],
    clock: Clock,
    patterns: Patterns,
    written: Callable[[TimelineEntry], None] = lambda entry: None,
) -> None:
    """Decide all items in order and append the outcome; what lost a race is decided again. Raises `Transient`.

    The first time `lookup` may rely on what is remembered; what was lost by that is looked up whole.

    `written` is told of each entry once it is durable.
    """
    pending = list(items)
    done: set[str] = set()
    for attempt in range(ROUNDS):
        recall = timeline.recall if attempt == 0 else None
        wanted = Lookup.all_of(lookup(item, recall) for item in pending)
        casebook, now = await open_casebook(timeline, wanted, patterns), clock()
        customers = [customer(item) for item in pending]
        undecided: set[int] = set()
        for number, item in enumerate(pending):
            if number % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
            if undecided and customers[number] in {customers[each] for each in undecided}:
                undecided.add(number)
                continue
            try:
                decision = decide(casebook, item, now)
            except NotAsked:
                undecided.add(number)
                continue
            if not _has_effect(decision, done):
                casebook.record(decision, now, number)
        lost, effects = await _append_in_waves(timeline, casebook.groups(), customers, written)
        done |= effects
        pending = [pending[number] for number in sorted(lost | undecided)]
        DECISIONS_REDONE.inc(len(pending))
        if not pending:
            return
    raise Transient(f"{len(pending)} decisions lost {ROUNDS} races in a row: somebody else writes the same dossiers.")


async def _append_in_waves(
    timeline: Timeline, groups: Sequence[Group], customers: Sequence[str], written: Callable[[TimelineEntry], None]
) -> tuple[set[int], set[str]]:
    """Openings first, each customer's one after the other, then the rest. Returns the decisions that were not
    written, and the effects that others have had already.

    Once a customer has lost, what follows of them waits: it was decided on what has turned out to be out of date.
    """
    lost: set[int] = set()
    effects: set[str] = set()
    losers: set[str] = set()
    for wave in _waves(groups, customers):
        held = [group for group in wave if losers & {customers[number] for number in group.decisions}]
        going = [group for group in wave if group not in held]
        outcome = await timeline.append(going) if going else {}
        for index, group in enumerate(going):
            if index not in outcome:
                _tell(group, written)
        for index, reason in outcome.items():
            held.append(going[index])
            if reason.effect_id is not None:
                effects.add(reason.effect_id)
        for group in held:
            lost.update(group.decisions)
            losers.update(customers[number] for number in group.decisions)
    return lost, effects


def _tell(group: Group, written: Callable[[TimelineEntry], None]) -> None:
    for append in group.appends:
        for entry in append.entries:
            written(entry)


def _waves(groups: Sequence[Group], customers: Sequence[str]) -> list[list[Group]]:
    """What has nothing to do with those who open something goes with the first of the openings."""
    openers = {customer for group in groups for customer, _ in group.opens}
    openers |= {customers[number] for group in groups if group.opens for number in group.decisions}
    first: list[Group] = []
    openings: list[list[Group]] = [first]
    rest: list[Group] = []
    opened: dict[str, int] = {}
    for group in groups:
        if not group.opens:
            is_apart = openers.isdisjoint(customers[number] for number in group.decisions)
            (first if is_apart else rest).append(group)
            continue
        number = max(opened.get(customer, 0) for customer, _ in group.opens)
        opened |= {customer: number + 1 for customer, _ in group.opens}
        while len(openings) <= number:
            openings.append([])
        openings[number].append(group)
    return [*openings, rest]


def _has_effect(decision: Decision, effects: set[str]) -> bool:
    return any(draft.effect_id in effects for addition in decision for draft in addition.drafts)
