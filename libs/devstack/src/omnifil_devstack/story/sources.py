"""What the shop and the till of the story tell of their customers, over the gateway's door for integrations."""

import uuid
from datetime import UTC, datetime, timedelta

import httpx
from omnifil_contracts.identity import Identity
from omnifil_contracts.profile import AttributeUpdate, ConsentUpdate, ExternalRecord, ExternalReference, ProfileUpdated

from omnifil_devstack.demo_world import Order
from omnifil_devstack.errors import StackError
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import Customer

ORDER = Order("4711", "Linen coat, sand", "Sent on Monday", "€189.00")
PARCEL = "FR6112204711"


class Sources:
    """Pushes in the name of a source that the stack knows."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient) -> None:
        self._stack = stack
        self._http = http

    async def ordered(self, customer: Customer) -> None:
        """The shop's server: an order that is on its way, and what she agreed to."""
        sent_at = datetime.now(UTC) - timedelta(days=6)
        order = ExternalRecord(
            kind="order",
            record_id=ORDER.number,
            title=f"Order {ORDER.number}: {ORDER.what}",
            state=ORDER.status,
            at=sent_at,
            amount=ORDER.price,
            references=(ExternalReference(kind="parcel", number=PARCEL),),
        )
        await self._push(
            "shop",
            customer,
            records=(order,),
            attributes=(AttributeUpdate(name="name", value=customer.name),),
            consents=(ConsentUpdate(channel="email", purpose="marketing", granted=False),),
        )

    async def visited(self, customer: Customer) -> None:
        """The till of a store: she was there, and showed her card."""
        visit = ExternalRecord(
            kind="store-visit",
            record_id=f"till-2-{customer.account}",
            title="Visit to the store at Lyon: a scarf, returned",
            at=datetime.now(UTC) - timedelta(days=20),
            amount="-€39.00",
        )
        await self._push("till", customer, records=(visit,))

    async def _push(
        self,
        source: str,
        customer: Customer,
        *,
        records: tuple[ExternalRecord, ...],
        attributes: tuple[AttributeUpdate, ...] = (),
        consents: tuple[ConsentUpdate, ...] = (),
    ) -> None:
        update = ProfileUpdated(
            update_id=uuid.uuid4().hex,
            source=source,
            identity=Identity(kind="email", value=customer.email),
            attributes=attributes,
            records=records,
            consents=consents,
            occurred_at=datetime.now(UTC),
        )
        answer = await self._http.post(
            f"{self._stack.agent_gateway.url}/api/v1/profile-updates",
            content=update.model_dump_json(),
            headers={
                "authorization": f"Bearer {self._stack.integrations[source]}",
                "content-type": "application/json",
            },
        )
        if answer.is_error:
            raise StackError(f"What the {source} pushes is refused: {answer.text}")
