"""Customers that changed: their dossiers follow the identities."""

from collections.abc import Sequence

import structlog
from omnifil_contracts.customer import CustomerChanged
from omnifil_servicekit.errors import Transient

from case_service.domain.casebook import Casebook
from case_service.domain.decisions import Addition, Decision
from case_service.domain.identities import Step, can_concern_dossiers, lookup_of_change, next_step
from case_service.domain.moving import Mover, move_conversations
from case_service.domain.opening import opening_for
from case_service.domain.policy import Policy
from case_service.handlers.histories import Histories
from case_service.handlers.settling import Clock, open_casebook
from case_service.ports import Timeline

log = structlog.get_logger(__name__)

_STEPS = 500
"""More dossiers than a customer has: a reconciliation that takes longer than this goes round in circles."""


class Customers:
    """Sets the dossiers of changed customers right, one step after the other, each a transaction."""

    def __init__(self, timeline: Timeline, policy: Policy, clock: Clock) -> None:
        self._timeline = timeline
        self._policy = policy
        self._clock = clock

    async def follow(self, batch: Sequence[CustomerChanged]) -> None:
        """Returns when the dossiers of all of them are as their newest states say. Raises `Transient`."""
        newest = {changed.customer_id: changed for changed in sorted(batch, key=lambda each: each.version)}
        for changed in newest.values():
            if can_concern_dossiers(changed):
                await self._settle(changed)

    async def _settle(self, changed: CustomerChanged) -> None:
        for _ in range(_STEPS):
            casebook = await self._open(changed)
            now = self._clock()
            step = next_step(casebook, changed, self._policy, now)
            if step is None:
                return
            decision = await self._decision(casebook, step, changed)
            casebook.record(decision, now)
            lost = await self._timeline.append(casebook.groups())
            if not lost:
                log.info(
                    "dossier_followed_identity",
                    dossier=step.dossier.id,
                    customer=step.owner,
                    conversations=len(step.conversation_ids),
                )
        raise Transient(f"The dossiers of customer {changed.customer_id} do not come to rest.")

    async def _open(self, changed: CustomerChanged) -> Casebook:
        return await open_casebook(
            self._timeline, lookup_of_change(changed), self._policy.patterns, newest=None, follow_all=True
        )

    async def _decision(self, casebook: Casebook, step: Step, changed: CustomerChanged) -> Decision:
        prefix = f"cus:{changed.customer_id}:{changed.version}:{step.dossier.id}:{step.dossier.seq}"
        mover = Mover(step.actor, self._clock(), step.because, lambda n: f"{prefix}:{n}")
        if not step.conversation_ids:
            return (Addition(step.dossier.id, mover.drafts(step.before)),)
        destination = step.to_dossier or opening_for(
            casebook, step.dossier, step.conversation_ids[0], step.because, customer_id=step.owner
        )
        histories = Histories(self._timeline)
        return move_conversations(
            step.dossier,
            await histories.of(step.dossier),
            step.conversation_ids,
            destination,
            mover,
            there=await histories.replies_there(step.dossier, destination),
            before=step.before,
            after=step.after,
        )
