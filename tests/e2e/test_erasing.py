"""A person is erased out of a day that others had, too: nothing of them can be read anywhere, and everybody else is
whole. On the whole suite: every topic from its beginning, every database, the files, the dead letters, the logs."""

import asyncio
import io
import json
import re
import secrets
import subprocess
import zipfile
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from bson import json_util
from log_inspection.personal_values import SCHEMAS, marked_in
from motor.motor_asyncio import AsyncIOMotorClient
from omnifil_contracts.commands import Reply, ResolveSuggestion
from omnifil_contracts.dossier import DossierEvent, DossierView, MessageLinked, ReplyRequested
from omnifil_devstack import stack_file
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import Chat, Customer, World
from omnifil_testkit.topic_records import every_record
from omnifil_testkit.waiting import eventually_

Omnifil = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

TELLING_CHARS = 6
IN_CHARGE = {
    "identities": "customer-profile",
    "drain": "customer-profile",
    "timelines": "case-service",
    "copies": "ingest-email",
    "topics": "customer-profile",
    "blobs": "case-service",
}
SEEN_WITHIN_S = 60


def content_of(record: ConsumerRecord) -> str:
    """All bytes of a record."""
    headers = [value or b"" for _, value in record.headers]
    return b" ".join([record.key or b"", record.value or b"", *headers]).decode("utf-8", "replace")


async def every_document(stack: Stack) -> AsyncIterator[tuple[str, str]]:
    """Database.collection and text of every document there is, but for MongoDB's own: the oplog forgets by size."""
    client: Any = AsyncIOMotorClient(stack.mongo_uri)
    try:
        for name in await client.list_database_names():
            if name in ("admin", "config", "local"):
                continue
            for collection in await client[name].list_collection_names():
                async for document in client[name][collection].find({}):
                    yield f"{name}.{collection}", json_util.dumps(document, ensure_ascii=False)
    finally:
        client.close()


async def found(stack: Stack, values: Iterable[str]) -> list[str]:
    """Where any of these can be read."""
    sought = [value.casefold() for value in values]
    places: list[str] = []
    async for record in every_record(stack.kafka):
        said = content_of(record).casefold()
        places += [f"topic {record.topic}: {value}" for value in sought if value in said]
    async for place, text in every_document(stack):
        said = text.casefold()
        places += [f"{place}: {value} in {text[:160]}" for value in sought if value in said]
    for name, said in logs_of(stack).items():
        places += [f"log {name}: {value}" for value in sought if value in said]
    return places


def logs_of(stack: Stack) -> dict[str, str]:
    """What the services have logged; the world is the customers' side."""
    ours = [file for file in Path(stack.logs).glob("*.log") if file.stem in stack.services and file.stem != "world"]
    return {file.name: file.read_text(errors="replace").casefold() for file in ours}


def personal_in(dossiers: list[dict[str, Any]]) -> set[str]:
    """Every value of exported entries that the contract marks as personal; but for agents' names, and what fills the
    sentences of reasons: kinds of handles, our own numbers, or what stands elsewhere in the entries, too."""
    schema = SCHEMAS[DossierEvent.ce_type]
    entry = {"$ref": schema["properties"]["entry"]["$ref"]}
    return {
        each.text.strip()
        for dossier in dossiers
        for line in dossier["entries"]
        for each in marked_in(line, entry, schema)
        if len(each.text.strip()) >= TELLING_CHARS
        and not each.field.startswith("actor")
        and not re.search(r"\bagent\.name$|\.values\b", each.field)
    }


def export_of(omnifil: Omnifil, customer_id: str, folder: Path) -> zipfile.ZipFile:
    file = folder / f"{customer_id}.zip"
    ran = omnifil("customer", "export", customer_id, "--to", str(file))
    assert ran.returncode == 0, ran.stderr
    return zipfile.ZipFile(io.BytesIO(file.read_bytes()))


def dossiers_of(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    return list(json.loads(archive.read("dossiers.json")))


async def holder_of(agent: Agent, text: str) -> DossierView:
    """The dossier that a message is in now, as soon as the agent sees it in one."""

    def newest() -> str | None:
        linked = [
            (entry.at, dossier_id)
            for dossier_id, entry in agent.entries()
            if isinstance(entry.event, MessageLinked) and text in entry.event.message.text
        ]
        return max(linked)[1] if linked else None

    return await agent.dossier(await agent.until(newest, f"“{text}”", SEEN_WITHIN_S))


async def texts_in(agent: Agent, dossier_id: str) -> list[str]:
    """What was said in it, as a fresh look has it."""
    events = [entry.event for entry in await agent.whole_timeline(dossier_id)]
    said = [event.message.text for event in events if isinstance(event, MessageLinked)]
    return said + [event.text for event in events if isinstance(event, ReplyRequested)]


async def poison(stack: Stack, *values: str) -> None:
    """Records that can never be read: each becomes a dead letter, as whole as it came."""
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait("inbound.email.v1", json.dumps({"who": value}).encode(), key=value.encode())
    finally:
        await producer.stop()


async def dead_letters(stack: Stack) -> str:
    said = [content_of(each) async for each in every_record(stack.kafka) if each.topic.endswith(".dead-letter")]
    return "\n".join(said)


async def a_day(stack: Stack, http: httpx.AsyncClient, world: World, agent: Agent) -> tuple[Customer, Customer, str]:
    """Ottilie writes by mail, in the chat and on the network, where an agent confirms that it is she, and is answered;
    Berthold writes by mail; both have a dead letter."""
    run = secrets.token_hex(3)
    hers = await world.move_in(f"Ottilie Sondermann{run}")
    his = await world.move_in(f"Berthold Nachbar{run}")
    await world.write_mail(hers, f"Bestellung 88{run}", f"Wo bleibt denn meine Bestellung 88{run}? Ottilie")
    await world.write_mail(his, f"Rechnung 77{run}", f"Die Rechnung 77{run} stimmt nicht. Berthold")
    async with Chat.opened(stack, http, identity=await world.signature(hers)) as chat:
        await chat.say(f"Und jetzt noch einmal im Chat {run}, wegen der Schuhe.")
    await poison(stack, hers.email, his.email)
    for text in (f"Bestellung 88{run}", f"Rechnung 77{run}", f"im Chat {run}"):
        await holder_of(agent, text)
    await on_the_network_too(world, agent, hers, run)

    async def set_aside() -> None:
        letters = await dead_letters(stack)
        assert hers.email in letters
        assert his.email in letters

    await eventually_(set_aside, SEEN_WITHIN_S)
    return hers, his, run


async def on_the_network_too(world: World, agent: Agent, hers: Customer, run: str) -> None:
    mails = await holder_of(agent, f"Bestellung 88{run}")
    await world.write_on_network(hers, f"Und auf der Seite {run}: antwortet hier jemand?")
    alone = await holder_of(agent, f"auf der Seite {run}")
    offered = [each for each in alone.suggestions if each.customer_id == mails.customer_id]
    await agent.command(alone.dossier_id, ResolveSuggestion(suggestion_id=offered[0].suggestion_id, accept=True))

    async def hers_now() -> str:
        holder = await holder_of(agent, f"auf der Seite {run}")
        assert holder.customer_id == mails.customer_id
        return holder.dossier_id

    for dossier_id in {await eventually_(hers_now, SEEN_WITHIN_S), mails.dossier_id}:
        dossier = await agent.dossier(dossier_id)
        everywhere = tuple(each.conversation.conversation_id for each in dossier.conversations)
        answer = f"Liebe Ottilie Sondermann{run}, die Schuhe kommen morgen."
        await agent.command(dossier_id, Reply(text=answer, conversation_ids=everywhere, seen_seq=dossier.seq))

    async def answered() -> None:
        assert any("die Schuhe kommen" in each["text"] for each in await world.mails(hers))
        assert any("die Schuhe kommen" in each["text"] for each in await world.seen_on_network(hers))

    await eventually_(answered, SEEN_WITHIN_S)


async def test_an_erased_person_can_be_read_nowhere_and_everybody_else_is_whole(
    stack: Stack, http: httpx.AsyncClient, world: World, agent: Agent, omnifil: Omnifil, tmp_path: Path
) -> None:
    hers, his, run = await a_day(stack, http, world, agent)
    her_dossier = await holder_of(agent, f"Bestellung 88{run}")
    customer_id = her_dossier.customer_id
    neighbour_id = (await holder_of(agent, f"Rechnung 77{run}")).customer_id

    # What is exported is what is looked for afterwards: every marked value of hers that is not also somebody else's.
    archive = export_of(omnifil, customer_id, tmp_path)
    told = json.loads(archive.read("messages.json"))
    assert any(f"Bestellung 88{run}" in each["text"] for each in told)
    for said in (f"im Chat {run}", f"auf der Seite {run}", "die Schuhe kommen morgen"):
        assert any(said in each["text"] for each in told), said
    assert [name for name in archive.namelist() if name.startswith("originals/")], "the mail as it came"
    assert his.email not in archive.read("dossiers.json").decode()
    his_archive = export_of(omnifil, neighbour_id, tmp_path)
    values = personal_in(dossiers_of(archive)) - personal_in(dossiers_of(his_archive))
    # A dossier's number may stand among the reasons; it stays, as its id does.
    values -= {each["dossier"]["number"] for each in dossiers_of(archive)}
    values |= {hers.email, hers.name, hers.account, f"Sondermann{run}"}
    before = "\n".join(await found(stack, values)).casefold()
    assert f"sondermann{run}" in before
    assert all(place in before for place in (hers.email, "topic inbound.email.v1", "omnifil_cases.timeline"))

    planned = omnifil("customer", "erase", customer_id, "--dry-run")
    assert planned.stdout.startswith(f"Would go of {customer_id} (and of "), "the confirmed one goes, too"
    assert await found(stack, [hers.email]), "a dry run changes nothing"
    erased = omnifil("customer", "erase", customer_id, "--yes", "--json")
    assert erased.returncode == 0, erased.stdout + erased.stderr
    erasure = json.loads(erased.stdout.splitlines()[-1])
    assert erasure["state"] == "done"
    assert erasure["counts"]["dead_letters"] >= 1
    assert erasure["counts"]["files"] >= 1
    assert erasure["requested_by"]["id"] == "camille"

    assert await found(stack, values) == []
    letters = await dead_letters(stack)
    assert his.email in letters

    # Everybody else: the same entries, the same files, and a rebuild finds nothing to correct.
    after = export_of(omnifil, neighbour_id, tmp_path)
    assert dossiers_of(after) == dossiers_of(his_archive)
    assert sorted(after.namelist()) == sorted(his_archive.namelist())
    rebuilt = omnifil("rebuild")
    assert (rebuilt.returncode, json.loads(rebuilt.stdout.splitlines()[-1])["differences"]) == (0, 0), rebuilt.stdout
    hers_now = await agent.dossier(her_dossier.dossier_id)
    assert (hers_now.status, hers_now.subject, hers_now.customer_name) == ("closed", None, None)
    assert hers_now.messages == her_dossier.messages
    assert set(await texts_in(agent, her_dossier.dossier_id)) == {""}

    # Life goes on: his next mail comes into his dossier, and she is somebody new.
    await world.write_mail(his, f"Re: Rechnung 77{run}", f"Noch eine Frage zur Rechnung 77{run}, bitte.")
    assert (await holder_of(agent, f"Noch eine Frage zur Rechnung 77{run}")).customer_id == neighbour_id
    await world.write_mail(hers, f"Neu {run}", f"Ich bin wieder da {run}.")
    again = await holder_of(agent, f"Ich bin wieder da {run}")
    assert again.customer_id != customer_id
    assert again.dossier_id != her_dossier.dossier_id
    async with Chat.opened(stack, http, identity=await world.signature(hers)) as chat:
        await chat.say(f"Auch im Chat bin ich wieder {run}.")
    assert (await holder_of(agent, f"Auch im Chat bin ich wieder {run}")).customer_id == again.customer_id
    assert agent.conflicts == 0


async def test_services_that_die_in_the_middle_of_an_erasure_end_it_when_they_are_back(
    stack: Stack, http: httpx.AsyncClient, world: World, agent: Agent, omnifil: Omnifil
) -> None:
    hers, his, run = await a_day(stack, http, world, agent)
    her_dossier = await holder_of(agent, f"Bestellung 88{run}")
    customer_id = her_dossier.customer_id
    begun = omnifil("customer", "erase", customer_id, "--yes", "--json", "--wait", "0")
    erasure = json.loads(begun.stdout.splitlines()[-1])
    assert (begun.returncode, erasure["state"]) == (3, "running")
    killed: list[str] = []
    async for step in steps_of(stack, erasure["erasure_id"]):
        victim = IN_CHARGE.get(step)
        if victim is not None:
            running = stack_file.read()
            process = running.processes[victim].alive() if running else None
            if process is not None:
                process.kill()
                killed.append(step)
    assert len(killed) >= 3, killed
    assert await found(stack, [hers.email, f"Sondermann{run}", f"Bestellung 88{run}"]) == []
    assert his.email in await dead_letters(stack)
    assert omnifil("rebuild").returncode == 0
    assert set(await texts_in(agent, her_dossier.dossier_id)) == {""}


async def steps_of(stack: Stack, erasure_id: str) -> AsyncIterator[str]:
    """Each step that the erasure is seen in, once, until it is done."""
    client: Any = AsyncIOMotorClient(stack.mongo_uri)
    orders = client[f"{stack.mongo_prefix}_erasures"].orders
    seen: set[str] = set()
    try:
        async with asyncio.timeout(200):
            while True:
                order = await orders.find_one({"_id": erasure_id})
                assert order is not None
                if order["step"] == "done":
                    assert "person" not in order
                    return
                if order["step"] not in seen:
                    seen.add(order["step"])
                    yield order["step"]
                await asyncio.sleep(0.02)
    finally:
        client.close()


def test_who_is_not_there_is_said_to_be_unknown(omnifil: Omnifil, tmp_path: Path) -> None:
    ran = omnifil("customer", "export", "nobody", "--to", str(tmp_path / "nobody.zip"))
    assert (ran.returncode, list(tmp_path.iterdir())) == (1, [])
    assert ran.stderr.startswith("omnifil: ")
    assert omnifil("customer", "erase", "nobody", "--yes").returncode == 1
