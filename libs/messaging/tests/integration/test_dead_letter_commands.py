"""`omnifil dead-letter`, as a person and a program use it."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from omnifil_devstack.ports import free_ports
from omnifil_messaging import DeadLetter, Received, TopicTail
from omnifil_messaging.dead_letter import app
from omnifil_testkit.waiting import Eventually
from typer.testing import CliRunner, Result

from .conftest import NAME, Bench, Handled, Thing, thing

pytestmark = pytest.mark.integration


async def run(bench: Bench, *arguments: str) -> Result:
    given = [*arguments, "--kafka", bench.settings.bootstrap, "--topic-prefix", bench.settings.topic_prefix]
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, given))


async def as_json(bench: Bench, *arguments: str) -> Any:
    result = await run(bench, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])  # the runner also takes what the consumer beside it logs


async def test_a_record_that_failed_is_listed_shown_replayed_and_takes_effect_once(
    bench: Bench, eventually: Eventually
) -> None:
    """The handler has a fault; it is mended; the records are replayed."""
    effects: dict[str, int] = {}
    mended = False

    async def handler(batch: Sequence[Received[Thing]]) -> None:
        for received in batch:
            if received.record.n == 2 and not mended:
                raise ValueError("a fault")
        for received in batch:
            effects.setdefault(received.event_id, received.record.n)  # idempotent by event id, as every handler is

    async with bench.consuming(handler):
        await bench.publish(*(thing("a", n) for n in range(4)))
        await eventually(lambda: len(effects) == 3)
        (listed,) = await eventually(lambda: _letters(bench))
        assert (listed["topic"], listed["cause"], listed["detail"]) == (NAME, "ValueError", "a fault")
        assert (listed["event_id"], listed["replayed_at"]) == ("a-2", None)

        shown = await as_json(bench, "show", listed["id"], "--topic", NAME)
        assert json.loads(shown["value"]) == {"key": "a", "n": 2, "padding": ""}
        assert (shown["key"], shown["headers"]["ce_id"]) == ("a", "a-2")
        assert not any(name.startswith("omnifil_dl_") for name in shown["headers"])

        mended = True
        replayed = await as_json(bench, "replay", listed["id"], "--topic", NAME)
        assert replayed == {"topic": NAME, "replayed": [listed["id"]], "skipped": []}
        await eventually(lambda: effects.get("a-2") == 2)
        (listed,) = await _letters(bench)
        assert listed["replayed_at"]
        assert await as_json(bench, "list", "--pending") == []

        assert (await as_json(bench, "replay", "--all", "--topic", NAME))["replayed"] == []
        again = await as_json(bench, "replay", "--all", "--again", "--topic", NAME)
        assert again["replayed"] == [listed["id"]]
    assert len(effects) == 4


async def _letters(bench: Bench) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = await as_json(bench, "list", "--topic", NAME)
    assert listed
    return listed


async def test_a_replay_is_the_original_to_the_byte(bench: Bench) -> None:
    headers = (("odd", b"\xff\x00"), ("ce_id", b"x"), ("odd", b"again"))
    await bench.producer.set_aside(
        [
            DeadLetter("NotJson", "", NAME, 2, 17, b"\xfekey", b"\x00\xffraw", headers),
            DeadLetter("NotMime", "", NAME, 77, 1, b"k", b"of a partition that is no more", ()),
            DeadLetter("NotMime", "", NAME, None, None, None, b"From nobody", ()),
        ]
    )
    await as_json(bench, "replay", "--all", "--topic", f"{NAME}.dead-letter")
    raw: dict[bytes, Received[bytes]] = {}
    async with asyncio.timeout(15):
        async for batch in TopicTail(bench.settings, NAME).read("beginning", asyncio.Event()):
            raw.update((each.value, each) for each in batch)
            if len(raw) == 3:
                break
    assert raw[b"\x00\xffraw"].partition == 2
    assert raw[b"\x00\xffraw"].headers == {"odd": "again", "ce_id": "x"}
    assert raw[b"From nobody"].headers == {}


async def test_a_record_that_fails_again_is_a_new_dead_letter(bench: Bench, eventually: Eventually) -> None:
    async with bench.consuming(Handled()):
        await bench.put(b"not json")
        await eventually(lambda: _letters(bench))
        await as_json(bench, "replay", "--all", "--topic", NAME)

        async def two() -> None:
            assert [bool(each["replayed_at"]) for each in await _letters(bench)] == [True, False]

        await eventually(two)


async def test_for_a_person_it_is_a_table_and_nothing_of_the_message(bench: Bench) -> None:
    assert (await run(bench, "list")).stdout == "No dead letters.\n"
    await bench.producer.set_aside([DeadLetter("NotJson", "no JSON", NAME, 0, 4, b"a@b.test", b"private words", ())])
    listed = (await run(bench, "list")).stdout
    assert "NotJson" in listed
    assert "private" not in listed
    assert "a@b.test" not in listed
    shown = (await run(bench, "show", "0:0", "--topic", NAME)).stdout
    assert "private words" in shown
    assert "source_offset     4" in shown


async def test_a_strangers_words_do_not_steer_the_terminal(bench: Bench) -> None:
    steering = "[/bold] \x1b[31mred\x07"
    headers = ((steering, steering.encode()),)
    letter = DeadLetter("NotJson", steering, NAME, 0, 4, steering.encode(), b"\x1b]0;owned\x07 \xff", headers)
    await bench.producer.set_aside([letter])
    for arguments in (("list",), ("show", "0:0", "--topic", NAME)):
        result = await run(bench, *arguments)
        assert result.exit_code == 0, result.output
        assert "[/bold]" in result.stdout
        assert "\x1b" not in result.stdout
        assert "\x07" not in result.stdout
    assert (await as_json(bench, "show", "0:0", "--topic", NAME))["detail"] == steering


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "0:99", "--topic", NAME), "has no dead letter 0:99: `omnifil dead-letter list --topic things.v1`"),
        (("show", "0:0", "--topic", "other.v1"), "other.v1 has no dead letters; topics that do: things.v1. Give one"),
        (("replay", "--topic", NAME), "Say which: ids from"),
        (("replay", "0:0", "--all", "--topic", NAME), "Say which: ids from"),
    ],
)
async def test_an_error_is_one_sentence_that_says_what_to_do(
    bench: Bench, arguments: tuple[str, ...], sentence: str
) -> None:
    result = await run(bench, *arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


async def test_without_a_broker_it_says_so() -> None:
    arguments = ["list", "--kafka", f"127.0.0.1:{free_ports(1)[0]}"]
    result = await asyncio.to_thread(lambda: CliRunner().invoke(app, arguments))
    assert result.exit_code == 1
    assert "does not answer: start it, or set OMNIFIL_KAFKA_BOOTSTRAP" in result.stderr
