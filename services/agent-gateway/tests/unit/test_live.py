"""The live stream: resumed from a cursor, nothing is missing and nothing comes twice."""

import asyncio
import contextlib
import json
from typing import Any, cast

import pytest
from agent_gateway.domain.cursor import Cursor
from agent_gateway.domain.log import Bell
from agent_gateway.live import StreamFrame, TopicFeed
from omnifil_servicekit.errors import Transient


def event(number: int) -> bytes:
    return json.dumps({"dossier_id": "d", "entry": {"seq": number}}).encode()


def seqs(frames: list[dict[str, Any]]) -> list[int]:
    return [e["entry"]["seq"] for frame in frames if frame["type"] == "events" for e in frame["events"]]


async def test_a_client_who_has_everything_is_live_at_once(suite: Any) -> None:
    await suite.dossiers.append(event(1), event(2))
    async with suite.running():
        frames = await suite.frames(Cursor({0: 2}, {0: 0}).encode(), until="live")
    assert [frame["type"] for frame in frames] == ["hello", "live"]


async def test_what_happened_while_away_comes_first_and_once_however_long_it_was(suite: Any) -> None:
    async with suite.running():
        await suite.dossiers.append(*(event(number) for number in range(40)))
        await suite.feeds_have(40)
        frames = await suite.frames(Cursor({0: 0}, {0: 0}).encode(), until="live")
    assert seqs(frames) == list(range(40))
    assert frames[-1]["type"] == "live"


@pytest.mark.parametrize("cut_after", range(6))
async def test_cut_anywhere_and_resumed_nothing_is_missing_or_twice(suite: Any, cut_after: int) -> None:
    async with suite.running():
        await suite.dossiers.append(*(event(number) for number in range(12)))
        await suite.feeds_have(12)
        got, cursor = [], Cursor({0: 0}, {0: 0}).encode()
        async with contextlib.aclosing(suite.live.follow(Cursor.decode(cursor))) as frames:
            async for frame in frames:
                message = json.loads(frame.json)
                if message["type"] == "events":
                    got.append(message)
                    cursor = message["cursor"]
                if len(got) >= cut_after or message["type"] == "live":
                    break
        await suite.dossiers.append(event(12))
        await suite.feeds_have(13)
        rest = await suite.frames(cursor, until="live")
    assert seqs(got) + seqs(rest) == list(range(13))


async def test_a_position_that_retention_has_passed_is_reset_with_its_reason(suite: Any) -> None:
    await suite.dossiers.append(*(event(number) for number in range(20)))
    suite.dossiers.first = 10
    async with suite.running():
        frames = await suite.frames(Cursor({0: 2}, {0: 0}).encode(), until="reset")
    assert "load the page again" in frames[-1]["reason"]


async def test_a_feed_whose_place_is_gone_waits_for_a_broker_that_is_away(
    suite: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[dict[int, int] | None] = [{0: 0}, None, {0: 4}]  # of old, none, as it is

    async def end_offsets() -> dict[int, int]:
        answer = answers.pop(0)
        if answer is None:
            raise Transient("Kafka does not answer.")
        return answer

    await suite.dossiers.append(*(event(number) for number in range(4)))
    suite.dossiers.first = 4
    monkeypatch.setattr(suite.dossiers, "end_offsets", end_offsets)
    feed, stop = TopicFeed(suite.dossiers, Bell(), held_records=10, preload_records=0), asyncio.Event()
    running = asyncio.create_task(feed.run(stop))
    await eventually(lambda: feed.log.end == {0: 4})
    stop.set()
    await running


async def test_a_quiet_stream_is_kept_alive(suite: Any) -> None:
    async with suite.running():
        assert (await suite.frames(None, until="ping"))[-1] == {"type": "ping"}


async def test_news_of_customers_and_presence_come_along(suite: Any, eventually: Any) -> None:
    async with suite.running():
        following = asyncio.create_task(suite.frames(None, until="presence"))
        await eventually(lambda: suite.is_followed)
        await suite.customers.append(b'{"customer_id":"c"}')
        await suite.presence.append(b'{"activity":"typing"}')
        frames = await following
    by_type = {frame["type"]: frame for frame in frames}
    assert by_type["customers"]["customers"] == [{"customer_id": "c"}]
    assert by_type["presence"]["presence"] == [{"activity": "typing"}]


async def test_the_customers_position_is_part_of_the_cursor(suite: Any) -> None:
    await suite.customers.append(b'{"customer_id":"a"}', b'{"customer_id":"b"}')
    async with suite.running():
        frames = await suite.frames(Cursor({0: 0}, {0: 1}).encode(), until="live")
    assert [frame["customers"] for frame in frames if frame["type"] == "customers"] == [[{"customer_id": "b"}]]


async def test_clients_at_one_place_are_sent_the_very_same_bytes(suite: Any, eventually: Any) -> None:
    async def first_events() -> StreamFrame:
        async with contextlib.aclosing(suite.live.follow(None)) as frames:
            async for frame in frames:
                ready.append(frame)
                if frame.cursor is not None:
                    return cast(StreamFrame, frame)
        raise AssertionError

    ready: list[StreamFrame] = []
    async with suite.running(), asyncio.timeout(30):
        clients = [asyncio.create_task(first_events()) for _ in range(3)]
        await eventually(lambda: len(ready) == 6)  # hello and live, each
        await suite.dossiers.append(event(1))
        one, *others = await asyncio.gather(*clients)
    assert all(each is one for each in others)
    assert one.text is one.text
