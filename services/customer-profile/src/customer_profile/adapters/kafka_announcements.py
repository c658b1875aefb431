"""What this service publishes, as records with deterministic event ids."""

from collections.abc import Sequence

from omnifil_contracts import ids
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.message import IdentifiedMessage
from omnifil_contracts.topics import CUSTOMER_EVENTS, IDENTIFIED
from omnifil_messaging import Outgoing, Producer
from omnifil_messaging.context import carried

SOURCE = "/omnifil/customer-profile"


class KafkaAnnouncements:
    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def identified(self, messages: Sequence[IdentifiedMessage]) -> None:
        """To `identified.<channel>.v1` of the message's channel, keyed by customer id."""
        await self._producer.publish_all([_identified(each) for each in messages])

    async def customers(self, states: Sequence[CustomerChanged]) -> None:
        """To `customer.events.v1`, keyed by customer id."""
        await self._producer.publish_all([_customer(state) for state in states])


def _identified(identified: IdentifiedMessage) -> Outgoing:
    message = identified.message
    return Outgoing(
        topic=IDENTIFIED.of(message.channel),
        key=identified.customer_id,
        record=identified,
        event_id=ids.event_id("identified", message.message_id),
        source=SOURCE,
        subject=message.message_id,
        time=message.received_at,
        context=carried(message.message_id),
    )


def _customer(state: CustomerChanged) -> Outgoing:
    return Outgoing(
        topic=CUSTOMER_EVENTS.name,
        key=state.customer_id,
        record=state,
        event_id=ids.event_id("customer", state.customer_id, str(state.version)),
        source=SOURCE,
        subject=state.customer_id,
        time=state.changed_at,
    )
