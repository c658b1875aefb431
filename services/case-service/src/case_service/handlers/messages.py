"""Batches of identified messages, and of reports on replies."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import MessageLinked, TimelineEntry
from omnifil_contracts.message import IdentifiedMessage
from omnifil_servicekit.metrics import Stage, messages

from case_service.domain.casebook import Casebook
from case_service.domain.decisions import Decision
from case_service.domain.deliveries import lookup_of_report, note_delivery
from case_service.domain.identities import as_of_now, may_have_moved
from case_service.domain.linking import link_message, lookup_of
from case_service.domain.lookups import Lookup
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.handlers.settling import Clock, open_casebook, settle
from case_service.metrics import linked_by
from case_service.ports import Timeline

log = structlog.get_logger(__name__)

_HOPS = 4
"""Over so many merges a message is followed that was on its way all the time."""


class Messages:
    """Links messages to dossiers, in their order."""

    def __init__(self, timeline: Timeline, policy: Policy, minting: Minting, clock: Clock) -> None:
        self._timeline = timeline
        self._policy = policy
        self._minting = minting
        self._clock = clock

    async def link(self, batch: Sequence[IdentifiedMessage]) -> None:
        """Returns when every message is durably in a dossier. Raises `Transient`."""
        # Not by message id: in mail the sender chooses that, and two persons may choose the same.
        doubtful: dict[int, IdentifiedMessage] = {}

        def decide(casebook: Casebook, item: IdentifiedMessage, now: datetime) -> Decision:
            if may_have_moved(casebook, item):
                doubtful[id(item)] = item
                return ()
            return link_message(casebook, item, now, self._policy, self._minting)

        await self._settle(batch, decide)
        if doubtful:
            # Hardly ever: of customers who have lost a dossier to another one.
            await self._settle(await self._as_of_now(list(doubtful.values())), self._link)
        log.debug("messages_linked", count=len(batch))

    def _link(self, casebook: Casebook, item: IdentifiedMessage, now: datetime) -> Decision:
        return link_message(casebook, item, now, self._policy, self._minting)

    async def _as_of_now(self, items: Sequence[IdentifiedMessage]) -> Sequence[IdentifiedMessage]:
        """These with the customers who have their handles now, over several merges if need be."""
        for _ in range(_HOPS):
            customers = Lookup(customers=frozenset(item.customer_id for item in items))
            casebook = await open_casebook(
                self._timeline, customers, self._policy.patterns, newest=None, follow_all=True
            )
            before, items = items, [as_of_now(casebook, item) for item in items]
            if all(one is other for one, other in zip(before, items, strict=True)):
                break
        return items

    async def _settle(
        self,
        batch: Sequence[IdentifiedMessage],
        decide: Callable[[Casebook, IdentifiedMessage, datetime], Decision],
    ) -> None:
        linked: Counter[tuple[str, str]] = Counter()

        def written(entry: TimelineEntry) -> None:
            if isinstance(entry.event, MessageLinked):
                linked[entry.event.message.channel, entry.event.because.rule] += 1

        try:
            await settle(
                self._timeline,
                batch,
                lookup=lambda item, recall: lookup_of(item, recall, self._policy),
                decide=decide,
                customer=lambda item: item.customer_id,
                clock=self._clock,
                patterns=self._policy.patterns,
                written=written,
            )
        finally:
            _count(linked)


def _count(linked: Mapping[tuple[str, str], int]) -> None:
    """By channel and rule; once for a batch, for it is the hottest way of all."""
    for (channel, rule), number in linked.items():
        messages(channel, Stage.LINKED).inc(number)
        linked_by(rule).inc(number)


class Deliveries:
    """Notes what became of replies."""

    def __init__(self, timeline: Timeline, policy: Policy, clock: Clock) -> None:
        self._timeline = timeline
        self._policy = policy
        self._clock = clock

    async def note(self, batch: Sequence[DeliveryReported]) -> None:
        """Returns when every report that is news is durably noted. Raises `Transient`."""
        await settle(
            self._timeline,
            batch,
            lookup=lambda item, _: lookup_of_report(item),
            decide=lambda casebook, item, _: note_delivery(casebook, item),
            customer=lambda item: item.dossier_id,
            clock=self._clock,
            patterns=self._policy.patterns,
        )
        log.debug("deliveries_noted", count=len(batch))
