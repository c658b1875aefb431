"""An integrator's SMS gateway and contact form: published with a plain Kafka client, and their replies delivered."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from omnifil_contracts.delivery import DeliveryReported, SendMessage
from omnifil_contracts.dossier import DeliveryState
from omnifil_messaging import BatchConsumer, KafkaSettings, Outgoing, Producer, Received

from chaos_play.ledger import Ledger, Mark
from chaos_play.rhythm import Rhythm, try_again_in
from chaos_play.words import words

CHANNEL = "sms"
FORM = "form"
NEWCOMER = "newcomer"
_ACCOUNT = "gateway-1"
_ACKNOWLEDGED_WITHIN_S = 15
_STOPPED_WITHIN_S = 5
_GIANT_CHARS = 150_000


class SmsGateway:
    """Acknowledged is what Kafka has acknowledged (acks=all); until then the same record is published again."""

    def __init__(self, bootstrap: str, ledger: Ledger, random: Random) -> None:
        self._bootstrap = bootstrap
        self._ledger = ledger
        self._random = random
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()
        self.delivered: dict[str, str] = {}
        """Texts by outbound id: a gateway sends an id once, as docs/integrating.md asks."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["SmsGateway"]:
        """Connected, and delivering replies."""
        settings = KafkaSettings(self._bootstrap, client_id="sms-gateway")
        stop = asyncio.Event()
        async with Producer(settings) as reports:
            consumer = BatchConsumer(
                settings,
                topics=[f"outbound.{CHANNEL}.v1", f"outbound.{FORM}.v1"],
                group=f"sms-gateway-{self._ledger.run}",
                record_type=SendMessage,
                handler=lambda batch: self._deliver(batch, reports),
                producer=reports,
            )
            delivering = asyncio.create_task(consumer.run(stop))
            try:
                yield self
            finally:
                stop.set()
                await delivering
                if self._producer is not None:
                    self._give_up(self._producer)
                await asyncio.gather(*self._ending)

    async def write(self, phone_number: int, rhythm: Rhythm) -> None:
        """One phone's messages, one after the other."""
        phone = f"+3361{phone_number:07}"
        number = 0
        while await rhythm.next():
            mark = Mark(f"{CHANNEL}-{phone_number}", number)
            number += 1
            text = self._ledger.text(mark, words(self._random, _GIANT_CHARS))
            record = json.dumps(record_of(phone, uuid.uuid4().hex, text)).encode()
            self._ledger.send(mark)
            await self.publish(phone, record)
            self._ledger.acknowledge(mark)
            if not self._random.randrange(25):
                await self.publish(phone, record)
                self._ledger.sent_again[CHANNEL] += 1

    async def come(self, rhythm: Rhythm) -> None:
        """People whom nobody knew, each on two channels at the same moment: one customer, one dossier."""
        newcomer = 0
        while await rhythm.next():
            phone = f"+3362{newcomer:07}"
            async with asyncio.TaskGroup() as group:
                for channel in (CHANNEL, FORM):
                    group.create_task(self._first_word(Mark(f"{NEWCOMER}-{newcomer}-{channel}", 0), phone, channel))
            newcomer += 1

    async def _first_word(self, mark: Mark, phone: str, channel: str) -> None:
        self._ledger.send(mark)
        text = self._ledger.text(mark, words(self._random, _GIANT_CHARS))
        await self.publish(phone, json.dumps(record_of(phone, uuid.uuid4().hex, text, channel)).encode(), channel)
        self._ledger.acknowledge(mark)

    async def publish(
        self, phone: str, value: bytes, channel: str = CHANNEL, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int:
        """Returns when Kafka has it, with the number of tries."""
        for tries in count(1):
            with suppress(KafkaError, TimeoutError, OSError):
                producer = await self._connected()
                try:
                    async with asyncio.timeout(_ACKNOWLEDGED_WITHIN_S):
                        await producer.send_and_wait(
                            f"inbound.{channel}.v1", value, key=f"phone:{phone}".encode(), headers=list(headers)
                        )
                except (KafkaError, TimeoutError):
                    self._give_up(producer)
                    raise
                return tries
            await try_again_in(0.5)
        raise AssertionError

    def _give_up(self, producer: AIOKafkaProducer) -> None:
        """Another in its place: after some failures an idempotent producer can never send again."""
        if self._producer is producer:
            self._producer = None
            task = asyncio.create_task(_stopped(producer))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True, request_timeout_ms=10_000
                )
                try:
                    await producer.start()
                except BaseException:
                    await _stopped(producer)
                    raise
                self._producer = producer
            return self._producer

    async def _deliver(self, batch: Sequence[Received[SendMessage]], reports: Producer) -> None:
        reported: list[Outgoing] = []
        for received in batch:
            send = received.record
            self.delivered.setdefault(send.outbound_id, send.text)
            report = DeliveryReported(
                outbound_id=send.outbound_id,
                dossier_id=send.dossier_id,
                conversation_id=send.target.conversation.conversation_id,
                state=DeliveryState.SENT,
                at=datetime.now(UTC),
            )
            event_id = f"sms-{send.outbound_id}"
            reported.append(
                Outgoing("delivery.events.v1", send.dossier_id, report, event_id, "/sms-gateway", None, report.at)
            )
        await reports.publish_all(reported)


async def _stopped(producer: AIOKafkaProducer) -> None:
    with suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(_STOPPED_WITHIN_S):
            await producer.stop()


def record_of(phone: str, sms_id: str, text: str, channel: str = CHANNEL) -> dict[str, Any]:
    """As docs/integrating.md has it."""
    place = {"channel": channel, "account": _ACCOUNT}
    sender = {"primary": {"identity": {"kind": "phone", "value": phone}, "assurance": "channel"}}
    return {
        **place,
        "provider_message_id": sms_id,
        "conversation": {**place, "key": phone},
        "sender": sender,
        "text": text,
        "received_at": datetime.fromtimestamp(time.time(), UTC).isoformat(),
    }
