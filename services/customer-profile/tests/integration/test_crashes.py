"""Whatever dies at whatever instant: nothing is lost, nothing changes its mind."""

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from customer_profile.adapters.mongo_identities import DATABASE, MongoIdentities
from omnifil_contracts.identity import Assurance
from omnifil_mongostore import Mongo
from omnifil_testkit.builders import NOON, a_sender, an_identity, an_inbound_message
from omnifil_testkit.waiting import Eventually
from profile_scenes.town import Town

pytestmark = pytest.mark.integration

CRASHING = Path(__file__).parent / "crashing_replica.py"


@pytest.mark.parametrize(("moment", "copies"), [("before", 1), ("after", 2)])
async def test_a_replica_killed_between_write_and_commit_changes_nothing(
    town: Town, mongo: Mongo, tmp_path: Path, eventually: Eventually, moment: str, copies: int
) -> None:
    message = an_inbound_message(
        channel="chat", sender=a_sender("v-1", "visitor", Assurance.CHANNEL, others=(an_identity(),))
    )
    await town.write(message)
    told = tmp_path / "told"
    replica = await asyncio.create_subprocess_exec(
        sys.executable, str(CRASHING), moment, str(told), env=town.environment()
    )
    await eventually(told.exists, timeout_s=30)
    replica.kill()
    await replica.wait()
    before = await MongoIdentities(mongo).by_keys(["email:claire@customer.test", "visitor:v-1"])
    assert len(before) == 2

    async with town.running("consume"):
        records = await town.identified("chat", at_least=copies)
    assert len(records) == copies
    assert {each.event_id for each in records} == {records[0].event_id}
    assert all(each.record == records[0].record for each in records)
    assert records[-1].record.because.rule == "new-customer"
    assert await MongoIdentities(mongo).by_keys(list(before)) == before


async def test_a_relay_that_is_killed_again_and_again_tells_everything(
    town: Town, mongo: Mongo, eventually: Eventually
) -> None:
    people, identities = 40, MongoIdentities(mongo)

    async def relay() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "customer_profile.main",
            "relay",
            env=town.environment(),
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def rename(life: int) -> None:
        """A change of every customer."""
        await town.write(
            *(
                an_inbound_message(
                    sender=a_sender(f"p{n}@customer.test", display_name=f"Person {n} the {life}"),
                    received_at=NOON + timedelta(minutes=life),
                )
                for n in range(people)
            )
        )
        await town.identified(at_least=(life + 1) * people)

    async with town.running("consume"):
        for life in range(3):
            running = await relay()
            try:
                await rename(life)
                await eventually(lambda: town.told_of(people), timeout_s=30)
            finally:
                running.kill()  # in the middle of what it does
                await running.wait()
        await rename(3)  # while no relay runs
        last = await relay()
        try:

            async def everything_is_told() -> None:
                states = await town.last_states()
                assert {each.display_name for each in states.values()} == {f"Person {n} the 3" for n in range(people)}

            await eventually(everything_is_told, timeout_s=40)
            truth = {state.customer_id: state.version async for page in identities.pages(100) for state in page}
            assert {each.customer_id: each.version for each in (await town.last_states()).values()} == truth
            versions: dict[str, list[int]] = {}
            for state in await town.customer_events():
                versions.setdefault(state.customer_id, []).append(state.version)
            assert all(each == sorted(each) for each in versions.values())
        finally:
            last.send_signal(signal.SIGTERM)
            assert await last.wait() == 0


async def test_a_relay_that_lost_its_place_tells_of_everybody(town: Town, mongo: Mongo, eventually: Eventually) -> None:
    async with town.running("consume"):
        await town.write(*(an_inbound_message(sender=a_sender(f"p{n}@customer.test")) for n in range(5)))
        await town.identified(at_least=5)
    await mongo.database(DATABASE)["positions"].insert_one(
        {"_id": "customer-events", "resume_token": {"_data": "00"}, "offsets": [], "saved_at": None}
    )
    async with town.running("relay"):
        await eventually(lambda: town.told_of(5))


async def test_one_relay_at_a_time_and_the_other_takes_over(town: Town, eventually: Eventually) -> None:
    async with town.running("consume"), town.running("relay") as waiting:
        async with town.running("relay"):
            await town.write(an_inbound_message())
            await eventually(lambda: town.told_of(1))
        await town.write(an_inbound_message(sender=a_sender("paul@customer.test")))
        await eventually(lambda: town.told_of(2))
        report = await waiting.health.report()
        assert report.checks["loop relay"].ok
    events = await town.customer_events()
    assert len(events) == 2, "two relays told of the same change"
