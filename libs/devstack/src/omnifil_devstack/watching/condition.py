"""What `omnifil doctor` looks at in a suite that runs: each finding a sentence, with what to do where it is wrong."""

import asyncio
import importlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from omnifil_contracts.topics import BUILT_IN_CHANNELS, REGISTRY, dead_letter_of
from omnifil_messaging import KafkaEnvironment, KafkaSettings
from omnifil_messaging.channels import known_channels
from omnifil_messaging.dead_letter.shelf import Shelf
from omnifil_messaging.topics import inspect_topics
from omnifil_mongostore import Database, Index, IndexMismatch, IndexMissing, Mongo, check_indexes, connect
from omnifil_servicekit.errors import Transient

from omnifil_devstack.examination import Finding
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.watching.group_lag import group_lag, records_held
from omnifil_devstack.watching.picture import Picture, picture
from omnifil_devstack.watching.scrape import look
from omnifil_devstack.watching.screen import LAG_WARNS_S, UNANSWERED_WARNS_S, duration

OPLOG_REACHES = timedelta(days=1)
"""docs/operating.md: further back than a relay is ever down."""
_OPLOG_FULL = 0.9
_CLOCK_TOLERANCE_S = 1.0
_LOOK_LIMIT_S = 20
DECLARED_INDEXES = {
    "cases": "case_service.adapters.documents:INDEXES",
    "customers": "customer_profile.adapters.mongo_identities:INDEXES",
    "chat": "ingest_chat.adapters.mongo_transcript:INDEXES",
    "email": "ingest_email.adapters.mongo_ledger:_INDEXES",
    "social": "ingest_social.adapters.mongo_ledger:_INDEXES",
    "blobs": "omnifil_mongostore.blobs:_INDEXES",
}
"""Database → where its indexes are declared. By name, since a library imports no service; a test holds it to them."""


def examine_running(stack: Stack) -> list[Finding]:
    """Look at everything of the suite; a look that fails is a finding, and does not keep the others from being made."""
    return asyncio.run(_all(stack))


async def _all(stack: Stack) -> list[Finding]:
    brokers = len(stack.kafka.split(","))
    kafka = KafkaSettings(
        stack.kafka, client_id="omnifil-doctor", environment=KafkaEnvironment(replication=min(brokers, 3))
    )
    async with connect(stack.mongo_uri, prefix=stack.mongo_prefix, app_name="omnifil-doctor") as mongo:
        clock = await _made(
            "Clock", _clock(mongo)
        )  # alone: what else this process does would be taken for a difference
        async with asyncio.TaskGroup() as looking:
            seen = looking.create_task(_seen(stack))
            looks = [
                looking.create_task(_made(what, look))
                for what, look in (
                    ("Lag", _lag(seen, kafka)),
                    ("Dead letters", _dead_letters(kafka)),
                    ("Topics", _topics(kafka)),
                    ("Oplog", _oplog(mongo)),
                    ("Indexes", _indexes(mongo)),
                )
            ]
    of_suite = [*_processes(seen.result()), *_unanswered(seen.result())]
    return [*of_suite, *clock, *(finding for look in looks for finding in look.result())]


async def _seen(stack: Stack) -> Picture:
    async with httpx.AsyncClient(trust_env=False) as http:
        return picture(await look(stack, http))


async def _made(what: str, findings: AsyncIterator[Finding]) -> list[Finding]:
    try:
        async with asyncio.timeout(_LOOK_LIMIT_S):
            return [finding async for finding in findings]
    except (Transient, TimeoutError) as error:
        says = f"It could not be looked at ({error or 'no answer in time'}): bring back what is away."
        return [Finding(what, False, says)]


def _processes(seen: Picture) -> list[Finding]:
    findings = []
    for process in seen.processes:
        if not process.alive:
            says = f"It has ended; it is started again by itself. If it ends again, see `omnifil logs {process.name}`."
        elif process.ready is False:
            why = "; ".join(process.not_ready) or "it does not say why"
            says = f"It is not ready: {why}. See `omnifil logs {process.name}`."
        else:
            says = f"It runs{' and is ready' if process.ready else ''}, for {duration(process.up_s)}."
        findings.append(Finding(process.name, process.is_well, says))
    for relay in seen.relays:
        hold = "one of its processes holds" if relay.active == 1 else f"{relay.active} of its processes hold"
        says = f"It is {duration(relay.lag_s)} behind, and {hold} the lease."
        if relay.active != 1:
            says += " Exactly one must: wait ten seconds for the lease to run out, then look at the service's log."
        elif relay.lag_s >= LAG_WARNS_S:
            says += " Agents do not see what is new: look at its service's log."
        findings.append(Finding(f"Relay {relay.name}", relay.active == 1 and relay.lag_s < LAG_WARNS_S, says))
    return findings


def _unanswered(seen: Picture) -> list[Finding]:
    waits = {flow.channel: flow.oldest_unanswered_s or 0 for flow in seen.channels}
    long = {channel: waited for channel, waited in waits.items() if waited >= UNANSWERED_WARNS_S}
    if long:
        told = ", ".join(f"{channel} {duration(waited)}" for channel, waited in long.items())
        return [Finding("Unanswered", False, f"Customers wait for an answer: {told}. Take the oldest in the inbox.")]
    return [Finding("Unanswered", True, f"Who waits longest has waited {duration(max(waits.values(), default=0))}.")]


async def _lag(seen: asyncio.Task[Picture], kafka: KafkaSettings) -> AsyncIterator[Finding]:
    by_kafka = await group_lag(kafka)
    seconds = {(each.group, each.topic): each.lag_s for each in (await asyncio.shield(seen)).waiting}
    late = 0
    for (group, topic), records in sorted(by_kafka.items()):
        age_s = seconds.get((group, topic))
        if (age_s or 0) >= LAG_WARNS_S or (records and age_s is None):
            late += 1
            what = f"{records} records of {topic} wait, the oldest for {duration(age_s)}"
            yield Finding(
                f"Lag {group}", False, f"{what}: see that its service is ready; its log says what it waits for."
            )
    if not late:
        waiting = sum(by_kafka.values())
        yield Finding("Lag", True, f"{len(by_kafka)} groups keep up; {waiting} records are on their way.")


async def _dead_letters(kafka: KafkaSettings) -> AsyncIterator[Finding]:
    shelf = Shelf(kafka)
    held = await records_held(kafka, [dead_letter_of(topic) for topic in await shelf.topics()])
    shelves = await asyncio.gather(*(shelf.entries(topic) for topic, records in held.items() if records))
    waiting = Counter(entry.topic for letters in shelves for entry in letters if entry.replayed_at is None)
    for topic, count in sorted(waiting.items()):
        says = f"{count} wait: `omnifil dead-letter list --topic {topic}` tells why; mend the cause, then `replay`."
        yield Finding(f"Dead letters {topic}", False, says)
    if not waiting:
        yield Finding("Dead letters", True, "None waits.")


async def _topics(kafka: KafkaSettings) -> AsyncIterator[Finding]:
    channels = {*BUILT_IN_CHANNELS, *await known_channels(kafka, "inbound")}
    missing, drift = await inspect_topics(kafka, REGISTRY, channels=sorted(channels))
    for topic in missing:
        yield Finding(f"Topic {topic}", False, "It is missing: run `python -m omnifil_messaging.create_topics`.")
    for each in drift:
        says = f"Its {each.what} is {each.actual}, planned {each.planned}: change it with Kafka's own tools."
        yield Finding(f"Topic {each.topic}", False, says)
    if not missing and not drift:
        replicas = kafka.environment.replication
        few = " One replica is enough for one machine; production needs three." if replicas < 3 else ""
        yield Finding("Topics", True, f"All are there and as planned.{few}")


async def _clock(mongo: Mongo) -> AsyncIterator[Finding]:
    before = datetime.now(UTC)
    theirs: datetime = (await mongo.database("cases").command("hello"))["localTime"].replace(tzinfo=UTC)
    after = datetime.now(UTC)
    apart_s = max((theirs - after).total_seconds(), (before - theirs).total_seconds(), 0)
    says = f"This machine's and MongoDB's are {apart_s:.1f} s apart"
    fine = apart_s <= _CLOCK_TOLERANCE_S
    remedy = "let NTP set both; lags and waits are wrong until then."
    yield Finding("Clock", fine, f"{says}." if fine else f"{says}: {remedy}")


async def _oplog(mongo: Mongo) -> AsyncIterator[Finding]:
    oplog = mongo.client["local"]["oplog.rs"]
    first, last = [await oplog.find_one({}, sort=[("$natural", order)], projection={"ts": 1}) for order in (1, -1)]
    reaches = timedelta(seconds=last["ts"].time - first["ts"].time if first and last else 0)
    size: dict[str, Any] = await mongo.client["local"].command("collStats", "oplog.rs")
    filled = size["size"] / size["maxSize"]
    says = f"It reaches back {duration(reaches.total_seconds())} and is {filled:.0%} full"
    fine = filled < _OPLOG_FULL or reaches >= OPLOG_REACHES
    wanted = duration(OPLOG_REACHES.total_seconds())
    remedy = f"a relay that is down longer reads everything again: make it larger, for {wanted}."
    yield Finding("Oplog", fine, f"{says}." if fine else f"{says}; {remedy}")


async def _indexes(mongo: Mongo) -> AsyncIterator[Finding]:
    wanted = await asyncio.to_thread(lambda: {name: declared(place) for name, place in DECLARED_INDEXES.items()})
    looks = await asyncio.gather(*(_indexes_of(mongo.database(name), indexes) for name, indexes in wanted.items()))
    found = [each for of_database in looks for each in of_database]
    for index, error in found:
        if error is not None:
            remedy = "Without it promises do not hold: restart its service, which creates it."
            yield Finding(f"Index {index.name}", False, f"{error} {remedy}")
    if all(error is None for _, error in found):
        yield Finding("Indexes", True, f"All {len(found)} are as declared.")


async def _indexes_of(database: Database, indexes: Sequence[Index]) -> list[tuple[Index, Exception | None]]:
    """Each index whose collection exists (it is made with its first document), and what is wrong with it."""
    there = set(await database.list_collection_names())

    async def look_at(index: Index) -> tuple[Index, Exception | None]:
        try:
            await check_indexes(database, [index])
        except (IndexMissing, IndexMismatch) as error:
            return index, error
        return index, None

    return await asyncio.gather(*(look_at(index) for index in indexes if index.collection in there))


def declared(place: str) -> tuple[Index, ...]:
    """The indexes at `module:name`."""
    module, _, name = place.partition(":")
    return tuple(getattr(importlib.import_module(module), name))
