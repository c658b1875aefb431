"""A customer's card and journey: what customer-profile and case-service know, put together."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.profile import SourcedRecord
from omnifil_contracts.views import Contact, CustomerCard, Journey

from agent_gateway.ports import Cases, Profiles, Refused

LATELY = timedelta(days=90)
"""How far back the channel is looked for that somebody uses most."""
_LOOKED_AT = 100


class Cards:
    """What agents see of a customer beside the dossiers. One who was merged is shown as who they are now."""

    def __init__(self, *, cases: Cases, profiles: Profiles, clock: Callable[[], datetime]) -> None:
        self._cases = cases
        self._profiles = profiles
        self._clock = clock

    async def card(self, customer_id: str) -> CustomerCard:
        """Raises `Refused`."""
        customer = await self._customer(customer_id)
        stated = customer.profile.preferred_channel if customer.profile else None
        if stated is not None:
            dossiers = await self._cases.dossiers_of(customer.customer_id)
            return CustomerCard(
                customer=customer, dossiers=dossiers, preferred_channel=stated, preferred_channel_from="stated"
            )
        dossiers, said = await asyncio.gather(
            self._cases.dossiers_of(customer.customer_id), self._said(customer.customer_id, None, _LOOKED_AT)
        )
        used = most_used(said.contacts, self._clock() - LATELY)
        return CustomerCard(
            customer=customer,
            dossiers=dossiers,
            preferred_channel=used,
            preferred_channel_from="journey" if used is not None else None,
        )

    async def journey(self, customer_id: str, before: datetime | None, limit: int) -> Journey:
        """What was said and what others have on record, newest first. Raises `Refused`."""
        customer = await self._customer(customer_id)
        said = await self._said(customer.customer_id, before, limit)
        records = customer.profile.records if customer.profile else ()
        together = [*said.contacts, *_between(records, said.next_before, before)]
        together.sort(key=lambda contact: contact.at, reverse=True)
        return said.model_copy(update={"contacts": tuple(together)})

    async def _customer(self, customer_id: str) -> CustomerChanged:
        customer, seen = await self._profiles.customer(customer_id), {customer_id}
        while customer.merged_into is not None and customer.merged_into not in seen:
            seen.add(customer.merged_into)
            customer = await self._profiles.customer(customer.merged_into)
        return customer

    async def _said(self, customer_id: str, before: datetime | None, limit: int) -> Journey:
        query = [("limit", str(limit)), *([("before", before.isoformat())] if before is not None else [])]
        answer = await self._cases.get(f"/customers/{customer_id}/contacts", query)
        if not answer.is_success:
            raise Refused(answer)
        return Journey.model_validate_json(answer.body)


def most_used(contacts: Iterable[Contact], since: datetime) -> str | None:
    """The channel that they wrote most by since then; of several the one used last. `contacts`: newest first."""
    channels = [each.channel for each in contacts if each.kind == "message" and each.channel and each.at >= since]
    # A counter gives those that are equal in the order of their first coming.
    return Counter(channels).most_common(1)[0][0] if channels else None


def _between(records: Sequence[SourcedRecord], start: datetime | None, before: datetime | None) -> list[Contact]:
    return [
        Contact(at=record.at, kind="record", text=record.title[:140], record=record)
        for record in records
        if (start is None or record.at >= start) and (before is None or record.at < before)
    ]
