"""A flood on social, in a process of its own: as many messages as it is told, as fast as Kafka takes them."""

import json
import time
from datetime import UTC, datetime

from omnifil_contracts.topics import INBOUND
from omnifil_messaging import KafkaSettings, Producer
from omnifil_messaging.outgoing import Wire

from omnifil_bench.companion import Answer, serve

_AT_ONCE = 2_000
_TEXT = "Where is my parcel? I have been waiting since Monday, and nobody answers. " * 4


async def flood(bootstrap: str, count: int) -> Answer:
    """Publish them; how long it took. Five of each person, all in one conversation."""
    began, topic = time.perf_counter(), INBOUND.of("social")
    async with Producer(KafkaSettings(bootstrap, client_id="flood")) as producer:
        for start in range(0, count, _AT_ONCE):
            now = datetime.now(UTC).isoformat()
            numbers = range(start, min(start + _AT_ONCE, count))
            await producer.publish_raw([_wire(topic, number, number % max(1, count // 5), now) for number in numbers])
    return {"seconds": time.perf_counter() - began}


def _wire(topic: str, number: int, person: int, now: str) -> Wire:
    """As an integrator writes it: without the ids, which follow from the rest."""
    handle = f"flood:{person}"
    message = {
        "channel": "social",
        "account": "flood",
        "provider_message_id": f"flood.{number}",
        "conversation": {"channel": "social", "account": "flood", "key": handle},
        "sender": {
            "primary": {"identity": {"kind": "messenger", "value": handle}, "assurance": "channel"},
            "display_name": f"Person {person}",
        },
        "text": _TEXT,
        "received_at": now,
    }
    return Wire(topic, f"messenger:{handle}".encode(), json.dumps(message).encode(), headers=[])


if __name__ == "__main__":
    serve({"flood": flood})
