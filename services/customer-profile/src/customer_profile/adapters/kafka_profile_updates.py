"""Updates that came by HTTP, onto the topic that all others come by."""

from collections.abc import Sequence

from omnifil_contracts import ids
from omnifil_contracts.profile import ProfileUpdated
from omnifil_contracts.topics import PROFILE_UPDATES
from omnifil_messaging import Outgoing, Producer


class KafkaProfileUpdates:
    """Implements `ProfileUpdates`."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def push(self, updates: Sequence[ProfileUpdated]) -> None:
        await self._producer.publish_all(
            [
                Outgoing(
                    topic=PROFILE_UPDATES.name,
                    key=update.identity.key,
                    record=update,
                    event_id=ids.event_id("profile", update.source, update.update_id),
                    source=f"/{update.source}",
                    subject=None,
                    time=update.occurred_at,
                )
                for update in updates
            ]
        )
