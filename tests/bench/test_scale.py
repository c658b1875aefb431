"""A filled database is one that the suite could have written: who writes as one of its people meets their dossiers."""

import pytest
from omnifil_bench.filling import fill, pattern_of
from omnifil_bench.history import begin_customer, begin_long
from omnifil_bench.messages import Writers
from omnifil_bench.scale import QUICK, measure, server
from omnifil_bench.stages import Stages, prepare
from omnifil_contracts.dossier import MessageLinked
from omnifil_mongostore import connect

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


async def test_a_copied_customer_goes_on_where_the_pattern_was() -> None:
    async with server(0.5) as ours, connect(ours.mongod.uri, prefix="town") as mongo:
        await prepare(mongo)
        writers = Writers(5)
        begun = await begin_customer(Stages(mongo), writers, 3)
        pattern = await pattern_of(ours.mongod.uri, "town", begun)
        await fill(ours.mongod, ours.folder, (pattern, range(40)))
        threads = [pattern.conversation(7, thread) for thread in range(3)]
        stages = Stages(mongo)
        identified = await stages.identify(writers.written(threads, 3).messages)
        appends = await stages.correlate(identified)
        documents = await mongo.database("cases")["dossiers"].find({}, {"words": True}).to_list(None)
    assert len({each.customer_id for each in identified}) == 1
    assert {each.because.rule for each in identified} == {"identity"}
    assert len({append.dossier_id for append in appends}) == 3
    linked = [each.event for append in appends for each in append.entries if isinstance(each.event, MessageLinked)]
    assert {each.because.rule for each in linked} == {"thread"}
    assert {each.conversation_id for each in linked} == {each.conversation_id for each in threads}
    assert len(documents) == 41 * 3
    assert len({tuple(each["words"]) for each in documents}) == 41 * 3


async def test_a_copied_timeline_is_as_long_as_the_pattern() -> None:
    async with server(0.5) as ours, connect(ours.mongod.uri, prefix="town") as mongo:
        await prepare(mongo)
        writers = Writers(5)
        pattern = await pattern_of(ours.mongod.uri, "town", await begin_long(mongo, writers, 60))
        await fill(ours.mongod, ours.folder, (pattern, range(3)))
        stages = Stages(mongo)
        appends = await stages.correlate(await stages.identify(writers.written([pattern.conversation(2)], 1).messages))
    assert [append.first_seq for append in appends] == [61]


async def test_every_pass_and_stage_is_compared() -> None:
    said: list[str] = []
    found = await measure(QUICK, 3, said.append)
    for part, sizes in (("dossiers", ["500", "2,000"]), ("timelines", ["10", "100"])):
        for name in ("cold", "warm", "remembered"):
            for stage in ("identify", "correlate", "project"):
                figures = found[part][name][stage]
                assert figures["growth"] > 0
                assert list(figures["cpu_ms_per_message"]) == sizes
                assert all(each["median"] > 0 for each in figures["cpu_ms_per_message"].values())
                assert all(each > 0 for each in figures["mongod_ms_per_message"].values())
    assert found["growth_dossiers"] == max(found["growth_dossiers_by_pass"].values())
    assert said
