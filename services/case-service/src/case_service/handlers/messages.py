"""Batches of identified messages, and of reports on replies."""

from collections import Counter
from collections.abc import Mapping, Sequence

import structlog
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import MessageLinked, TimelineEntry
from omnifil_contracts.message import IdentifiedMessage
from omnifil_servicekit.metrics import Stage, messages

from case_service.domain.deliveries import lookup_of_report, note_delivery
from case_service.domain.linking import link_message, lookup_of
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.handlers.settling import Clock, settle
from case_service.metrics import linked_by
from case_service.ports import Timeline

log = structlog.get_logger(__name__)


class Messages:
    """Links messages to dossiers, in their order."""

    def __init__(self, timeline: Timeline, policy: Policy, minting: Minting, clock: Clock) -> None:
        self._timeline = timeline
        self._policy = policy
        self._minting = minting
        self._clock = clock

    async def link(self, batch: Sequence[IdentifiedMessage]) -> None:
        """Returns when every message is durably in a dossier. Raises `Transient`."""
        linked: Counter[tuple[str, str]] = Counter()

        def written(entry: TimelineEntry) -> None:
            if isinstance(entry.event, MessageLinked):
                linked[entry.event.message.channel, entry.event.because.rule] += 1

        try:
            await settle(
                self._timeline,
                batch,
                lookup=lookup_of,
                decide=lambda casebook, item, now: link_message(casebook, item, now, self._policy, self._minting),
                customer=lambda item: item.customer_id,
                clock=self._clock,
                patterns=self._policy.patterns,
                written=written,
            )
        finally:
            _count(linked)
        log.debug("messages_linked", count=len(batch))


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
