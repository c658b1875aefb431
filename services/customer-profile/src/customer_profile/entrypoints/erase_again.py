"""`customer-profile erase-again`: a database that was restored has persons in it again who were erased since.

Their ids are on `customer.events.v1`, which is kept for ever and not restored with the database: each is erased once
more. Give the command before the services start; they carry it out as soon as they run.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.erasure import EraseCustomer
from omnifil_contracts.identity import Actor
from omnifil_contracts.topics import CUSTOMER_EVENTS
from omnifil_messaging import KafkaSettings, TopicTail
from omnifil_mongostore import connect
from omnifil_mongostore.erasures import Erasures
from omnifil_servicekit.errors import Transient

from customer_profile.adapters.mongo_erased import MongoErased
from customer_profile.erasing import ErasingDesk
from customer_profile.settings import Settings

_OPERATOR = Actor(kind="system", id="erase-again")


def run(settings: Settings) -> int:
    """How many, on standard output. Exit code 3: Kafka or MongoDB is away, and nothing is broken."""
    try:
        again = asyncio.run(erase_again(settings))
    except Transient as error:
        print(f"Not all are to be erased again yet: {error}. Run it again.", file=sys.stderr)
        return 3
    print(f"{len(again)} persons are erased again as soon as the services run.")
    return 0


async def erase_again(settings: Settings) -> list[str]:
    """Place an erasure for each of them; whom. Raises `Transient`; again, it is the same erasures."""
    key = settings.erasure_key.get_secret_value().encode() if settings.erasure_key else None
    async with connect(
        settings.mongo_uri, prefix=settings.mongo_prefix, app_name="customer-profile erase-again"
    ) as mongo:
        erasures, ledger = Erasures(mongo), MongoErased(mongo, key)
        await erasures.prepare()
        desk = ErasingDesk(erasures, ledger, lambda: datetime.now(UTC))
        known = {each.customer_id for each in await ledger.erased()}
        missing = [
            each for each in await told_erased(KafkaSettings.of(settings, client_id="erase-again")) if each not in known
        ]
        for customer_id in missing:
            asked = EraseCustomer(command_id=f"again-{customer_id}")
            await desk.erase_whoever(customer_id, asked, _OPERATOR)
    return missing


async def told_erased(kafka: KafkaSettings) -> Sequence[str]:
    """Of everybody that the topic tells of, those who were erased. Raises `Transient`."""
    tail = TopicTail(kafka, CUSTOMER_EVENTS.name, CustomerChanged)
    ends = await tail.end_offsets()
    first = await tail.beginning_offsets()
    erased: dict[str, None] = {}
    waiting = {partition for partition, end in ends.items() if first[partition] < end}
    stop = asyncio.Event()
    if not waiting:
        return []
    async for batch in tail.read("beginning", stop, idle_s=1.0):
        for received in batch:
            if received.record.erased_at is not None:
                erased[received.record.customer_id] = None
            if received.offset + 1 >= ends[received.partition]:
                waiting.discard(received.partition)
        # What was compacted away leaves gaps, also before the end: then nothing more comes.
        if not waiting or not batch:
            stop.set()
    return list(erased)
