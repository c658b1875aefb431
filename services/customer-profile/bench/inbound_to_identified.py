"""What a message costs on its way from inbound to identified: one process with both roles, real Kafka and MongoDB.

    python services/customer-profile/bench/inbound_to_identified.py [messages] [messages per customer] [email|social]

`OMNIFIL_KAFKA_BOOTSTRAP` and `OMNIFIL_MONGO_URI` say where they are. Topics and databases are made for the run and
dropped afterwards. The last line is a JSON object with three states: `strangers` (a backlog in which every customer is
new), `known` (a backlog of customers that the store knows), `steady` (200 messages/s, half of them from strangers, with
the time from publishing to the identified record in milliseconds). `cpu_ms` is processor time of this process for each
message, service and a reader that only counts; other programs on the machine make it no larger. `email` comes with a
proven address, `social` with the network's word for the account: then the customer is looked at more closely.
"""

import asyncio
import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import uvloop
from customer_profile.bootstrap import bootstrap
from customer_profile.settings import Settings
from omnifil_contracts.identity import Assurance
from omnifil_contracts.message import InboundMessage
from omnifil_contracts.topics import IDENTIFIED, INBOUND
from omnifil_messaging import KafkaSettings, Outgoing, Producer, TopicTail, ensure_topics
from omnifil_mongostore import connect
from omnifil_servicekit.process import settle_memory
from omnifil_testkit.builders import a_sender, an_inbound_message
from omnifil_testkit.isolation import delete_topics

STEADY_PER_S, STEADY_S = 200, 5
HANDLES = {"email": ("email", Assurance.VERIFIED), "social": ("messenger", Assurance.CHANNEL)}


def outgoing(message: InboundMessage) -> Outgoing:
    topic, key = INBOUND.of(message.channel), message.sender.primary.identity.key
    return Outgoing(topic, key, message, message.message_id, "/bench", None, message.received_at)


class Writers:
    """Persons of one channel, who write in turn, as in a backlog."""

    def __init__(self, channel: str, per_customer: int) -> None:
        self._channel = channel
        self._per_customer = per_customer

    def messages(self, count: int, name: str) -> list[InboundMessage]:
        kind, assurance = HANDLES[self._channel]
        customers = max(1, count // self._per_customer)
        return [
            an_inbound_message(
                channel=self._channel,
                conversation_key=f"{name}-{number % customers}",
                sender=a_sender(
                    f"{name}-{number % customers}@customer.test", kind, assurance,
                    display_name=f"{name} number {number % customers}",
                ),
                text="x" * 500,
                received_at=datetime.now(UTC),
            )
            for number in range(count)
        ]  # fmt: skip


class Arrivals:
    """When each message appears as identified."""

    def __init__(self, kafka: KafkaSettings, channel: str) -> None:
        self._tail = TopicTail(kafka, IDENTIFIED.of(channel))
        self.at: dict[str, float] = {}

    async def read(self, stop: asyncio.Event) -> None:
        async for batch in self._tail.read("beginning", stop):
            now = time.perf_counter()
            for received in batch:
                self.at[received.headers["ce_subject"]] = now

    async def wait_for(self, count: int) -> None:
        while len(self.at) < count:  # noqa: ASYNC110 an event for each count would be more to measure
            await asyncio.sleep(0.02)


@asynccontextmanager
async def service(settings: Settings) -> AsyncIterator[None]:
    parts = bootstrap(settings, frozenset(["consume", "relay"]))
    stop = asyncio.Event()
    assert parts.resources is not None  # noqa: S101
    async with parts.resources:
        settle_memory()
        loops = [asyncio.ensure_future(loop(stop)) for loop in parts.loops.values()]
        yield
        stop.set()
        await asyncio.gather(*loops)


class Bench:
    def __init__(self, producer: Producer, arrivals: Arrivals, settings: Settings) -> None:
        self._producer = producer
        self._arrivals = arrivals
        self._settings = settings

    async def backlog(self, waiting: Sequence[InboundMessage]) -> dict[str, float]:
        """Published first, then worked off."""
        before = len(self._arrivals.at)
        await self._producer.publish_all([outgoing(each) for each in waiting])
        async with service(self._settings):
            await self._arrivals.wait_for(before + 1)
            first, started, used = len(self._arrivals.at), time.perf_counter(), time.process_time()
            await self._arrivals.wait_for(before + len(waiting))
            count = before + len(waiting) - first
            cpu_ms = (time.process_time() - used) * 1000 / count
            per_s = count / (time.perf_counter() - started)
        return {"per_s": round(per_s), "cpu_ms": round(cpu_ms, 3)}

    async def steady(self, coming: Sequence[InboundMessage]) -> dict[str, float]:
        """One by one, at an even pace."""
        before = len(self._arrivals.at)
        sent: dict[str, float] = {}
        async with service(self._settings):
            publishing = [asyncio.create_task(self._producer.publish(outgoing(coming[0])))]
            await self._arrivals.wait_for(before + 1)  # the group has its partitions
            began, used = time.perf_counter(), time.process_time()
            for number, each in enumerate(coming[1:]):
                await asyncio.sleep(max(0, began + number / STEADY_PER_S - time.perf_counter()))
                sent[each.message_id] = time.perf_counter()
                publishing.append(asyncio.create_task(self._producer.publish(outgoing(each))))
            await asyncio.gather(*publishing)
            await self._arrivals.wait_for(before + len(coming))
            cpu_ms = (time.process_time() - used) * 1000 / len(sent)
        took = sorted((self._arrivals.at[each] - at) * 1000 for each, at in sent.items())
        return {
            "p50_ms": round(statistics.median(took), 1),
            "p99_ms": round(took[int(len(took) * 0.99) - 1], 1),
            "cpu_ms_with_publishing": round(cpu_ms, 3),
        }


async def main(count: int, per_customer: int, channel: str) -> None:
    prefix = f"b{uuid.uuid4().hex[:8]}"
    settings = Settings(
        topic_prefix=f"{prefix}.",
        mongo_prefix=prefix,
        http_port=0,
        internal_token="bench-secret",  # noqa: S106
        channels=(channel,),
        kafka_bootstrap=os.environ.get("OMNIFIL_KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
    )
    kafka = KafkaSettings.of(settings, "bench")
    await ensure_topics(kafka, [INBOUND, IDENTIFIED])
    arrivals, stop, writers = Arrivals(kafka, channel), asyncio.Event(), Writers(channel, per_customer)
    reading = asyncio.create_task(arrivals.read(stop))
    try:
        async with Producer(kafka) as producer:
            bench = Bench(producer, arrivals, settings)
            strangers = await bench.backlog(writers.messages(count, "backlog"))
            known = await bench.backlog(writers.messages(count, "backlog"))
            half = STEADY_PER_S * STEADY_S // 2
            mixed = zip(writers.messages(half, "backlog"), Writers(channel, 1).messages(half, "stranger"), strict=True)
            steady = await bench.steady([each for pair in mixed for each in pair])
    finally:
        stop.set()
        await reading
        mongo = connect(settings.mongo_uri, prefix=prefix)
        await mongo.drop()
        await mongo.close()
        await delete_topics(settings.kafka_bootstrap, f"{prefix}.")
    run = {"channel": channel, "messages": count, "messages_per_customer": per_customer}
    print(json.dumps({**run, "strangers": strangers, "known": known, "steady": steady}))


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    with suppress(KeyboardInterrupt):
        uvloop.run(main(int(given.get(0, 20_000)), int(given.get(1, 5)), given.get(2, "email")))
