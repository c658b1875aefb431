"""How fast identified messages become dossier events: one process with all roles, real Kafka and MongoDB.

    python services/case-service/bench/identified_to_events.py [messages] [messages per customer]

`OMNIFIL_KAFKA_BOOTSTRAP` and `OMNIFIL_MONGO_URI` say where they are. Topics and databases are made for the run and
dropped afterwards. The last line is a JSON object: throughput of a backlog in messages/s, and the time from publishing
to the dossier event at 200 messages/s in milliseconds. `cpu_ms_per_message` is this process alone (service and reader),
for machines that others use too.
"""

import asyncio
import json
import os
import re
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvloop
from case_service.bootstrap import bootstrap
from case_service.settings import Settings
from omnifil_contracts.message import IdentifiedMessage
from omnifil_contracts.topics import DOSSIER_EVENTS, IDENTIFIED
from omnifil_messaging import KafkaSettings, Outgoing, Producer, TopicTail, ensure_topics
from omnifil_mongostore import connect
from omnifil_servicekit.process import settle_memory
from omnifil_testkit.builders import NOON, an_identified_message, an_inbound_message
from omnifil_testkit.isolation import delete_topics

STEADY_PER_S, STEADY_S = 200, 5
_LINKED = re.compile(rb'"type":"message_linked","message":\{"message_id":"([^"]+)"')


def outgoing(identified: IdentifiedMessage) -> Outgoing:
    topic = IDENTIFIED.of("email")
    return Outgoing(topic, identified.customer_id, identified, identified.message.message_id, "/bench", None, NOON)


def messages(count: int, per_customer: int, name: str) -> list[IdentifiedMessage]:
    return [
        an_identified_message(
            an_inbound_message(conversation_key=f"{name}-{number % (count // per_customer)}", text="x" * 500),
            customer_id=f"{name}-{number % (count // per_customer)}",
        )
        for number in range(count)
    ]


class Arrivals:
    """When the link of each message appears on dossier.events.v1."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._tail = TopicTail(kafka, DOSSIER_EVENTS.name)
        self.at: dict[str, float] = {}

    async def read(self, stop: asyncio.Event) -> None:
        async for batch in self._tail.read("beginning", stop):
            now = time.perf_counter()
            for received in batch:
                # Not decoded: the reader is not what is measured.
                if linked := _LINKED.search(received.record):
                    self.at[linked[1].decode()] = now

    async def wait_for(self, count: int) -> None:
        while len(self.at) < count:  # noqa: ASYNC110 an event for each count would be more to measure
            await asyncio.sleep(0.02)


@asynccontextmanager
async def service(settings: Settings) -> AsyncIterator[None]:
    parts = bootstrap(settings, frozenset(["consume", "relay"]))
    stop = asyncio.Event()
    assert parts.resources is not None  # noqa: S101
    async with parts.resources:
        loops = [asyncio.ensure_future(loop(stop)) for loop in parts.loops.values()]
        yield
        stop.set()
        await asyncio.gather(*loops)


async def main(count: int, per_customer: int) -> None:
    prefix = f"b{uuid.uuid4().hex[:8]}"
    settings = Settings(
        topic_prefix=f"{prefix}.",
        mongo_prefix=prefix,
        http_port=0,
        internal_token="bench-secret",  # noqa: S106
        case_reference_keys=["bench"],
        kafka_bootstrap=os.environ.get("OMNIFIL_KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
        case_discovery_interval_s=0.2,
    )
    kafka = KafkaSettings.of(settings, "bench")
    await ensure_topics(kafka, [IDENTIFIED, DOSSIER_EVENTS])
    arrivals, stop = Arrivals(kafka), asyncio.Event()
    reading = asyncio.create_task(arrivals.read(stop))
    async with Producer(kafka) as producer:
        backlog = messages(count, per_customer, "backlog")
        await producer.publish_all([outgoing(each) for each in backlog])
        async with service(settings):
            settle_memory()
            await arrivals.wait_for(1)
            first, started, used = len(arrivals.at), time.perf_counter(), time.process_time()
            await arrivals.wait_for(count)
            per_s = (count - first) / (time.perf_counter() - started)
            cpu_ms = (time.process_time() - used) * 1000 / (count - first)
            steady = messages(STEADY_PER_S * STEADY_S, per_customer, "steady")
            sent: dict[str, float] = {}
            began = time.perf_counter()
            publishing = []
            for number, each in enumerate(steady):
                await asyncio.sleep(max(0, began + number / STEADY_PER_S - time.perf_counter()))
                sent[each.message.message_id] = time.perf_counter()
                publishing.append(asyncio.create_task(producer.publish(outgoing(each))))
            await asyncio.gather(*publishing)
            await arrivals.wait_for(count + len(steady))
        took = sorted((arrivals.at[each] - at) * 1000 for each, at in sent.items())
    stop.set()
    await reading
    mongo = connect(settings.mongo_uri, prefix=prefix)
    await mongo.drop()
    await mongo.close()
    await delete_topics(settings.kafka_bootstrap, f"{prefix}.")
    print(
        json.dumps(
            {
                "messages": count,
                "messages_per_customer": per_customer,
                "messages_per_s": round(per_s),
                "cpu_ms_per_message": round(cpu_ms, 3),
                "p50_ms": round(statistics.median(took)),
                "p99_ms": round(took[int(len(took) * 0.99) - 1]),
            }
        )
    )


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(main(int(sys.argv[1]) if sys.argv[1:] else 20_000, int(sys.argv[2]) if sys.argv[2:] else 5))
