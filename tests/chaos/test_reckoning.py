"""The reckoning itself: for each thing that can be off, that it is found."""

import asyncio
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from chaos_field.draw import Draw, Make
from chaos_play.evidence import Evidence, Letter
from chaos_play.ledger import Ledger, Mark
from chaos_play.reckoning import (
    Reckoning,
    reckon_letters,
    reckon_messages,
    reckon_published,
    reckon_replies,
    reckon_reply_order,
    reckon_screen,
)
from chaos_play.recovery import Recovery
from chaos_play.screen import Screen
from chaos_play.stalls import Times, stalls, stalls_under_fire
from chaos_play.striker import Blow, Striker

FIRST, SECOND = Mark("sms-1", 0), Mark("sms-1", 1)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    begun = Ledger.begun(tmp_path)
    for mark in (FIRST, SECOND):
        begun.send(mark)
        begun.acknowledge(mark)
    return begun


@pytest.fixture
def told() -> Reckoning:
    return Reckoning(seed=1, shape="plain")


def linked(ledger: Ledger, seq: int, mark: Mark, *, message_id: str | None = None) -> dict[str, Any]:
    message = {"message_id": message_id or f"m-{mark.thread}-{mark.number}", "text": ledger.text(mark, "Hello")}
    return {
        "seq": seq,
        "effect_id": f"e{seq}",
        "event": {"type": "message_linked", "conversation_id": "c", "message": message},
    }


def evidence(*entries: dict[str, Any]) -> Evidence:
    timeline = {entry["seq"]: entry for entry in entries}
    return Evidence(stored={"d": timeline}, published={"d": dict(timeline)})


def counts(told: Reckoning) -> tuple[int, int, int, int, int]:
    return told.lost, told.duplicated, told.out_of_order, told.gaps, told.replies_twice


def screen(ledger: Ledger, **shown: Any) -> Screen:
    made = Screen.__new__(Screen)
    made.name, made.ledger = "ws0", ledger
    made.timelines, made.holes, made.contradictions, made.resets, made.first_seen = {}, [], [], [], {}
    for entry in shown.values():
        made._apply("d", entry)
    return made


def test_all_is_well_when_each_message_stands_once_in_order(ledger: Ledger, told: Reckoning) -> None:
    whole = evidence(linked(ledger, 1, FIRST), linked(ledger, 2, SECOND))
    reckon_messages(ledger, whole, told)
    reckon_published(whole, told)
    reckon_screen(whole, screen(ledger, a=linked(ledger, 1, FIRST), b=linked(ledger, 2, SECOND)), told)
    assert (counts(told), told.problems) == ((0, 0, 0, 0, 0), [])


def test_an_acknowledged_message_that_is_not_stored_is_lost(ledger: Ledger, told: Reckoning) -> None:
    reckon_messages(ledger, evidence(linked(ledger, 1, FIRST)), told)
    assert counts(told) == (1, 0, 0, 0, 0)


def test_a_message_that_stands_twice_is_duplicated(ledger: Ledger, told: Reckoning) -> None:
    again = linked(ledger, 3, FIRST, message_id="another")
    reckon_messages(ledger, evidence(linked(ledger, 1, FIRST), linked(ledger, 2, SECOND), again), told)
    assert told.duplicated == 1


def test_a_writers_messages_in_another_order_are_out_of_order(ledger: Ledger, told: Reckoning) -> None:
    reckon_messages(ledger, evidence(linked(ledger, 1, SECOND), linked(ledger, 2, FIRST)), told)
    assert counts(told) == (0, 0, 1, 0, 0)


def test_a_newcomer_with_two_dossiers_is_found(ledger: Ledger, told: Reckoning) -> None:
    for channel in ("sms", "form"):
        ledger.send(Mark(f"newcomer-7-{channel}", 0))
    found = evidence(linked(ledger, 1, FIRST), linked(ledger, 2, SECOND))
    for channel in ("sms", "form"):
        found.stored[channel] = {1: linked(ledger, 1, Mark(f"newcomer-7-{channel}", 0))}
    reckon_messages(ledger, found, told)
    assert told.duplicated == 1


def test_an_entry_that_was_never_published_is_a_gap(ledger: Ledger, told: Reckoning) -> None:
    found = evidence(linked(ledger, 1, FIRST), linked(ledger, 2, SECOND))
    del found.published["d"][2]
    reckon_published(found, told)
    assert told.gaps == 1


def test_an_entry_that_a_screen_saw_too_early_is_a_gap_even_if_it_is_filled(ledger: Ledger, told: Reckoning) -> None:
    whole = evidence(linked(ledger, 1, FIRST), linked(ledger, 2, SECOND))
    reckon_screen(whole, screen(ledger, a=linked(ledger, 2, SECOND), b=linked(ledger, 1, FIRST)), told)
    assert told.gaps == 1


def test_replies_that_are_missing_doubled_or_astray_are_found(told: Reckoning) -> None:
    due, arrived = [Mark("reply-a", 0), Mark("reply-a", 1)], [Mark("reply-a", 1)] * 2 + [Mark("reply-b", 0)]
    reckon_replies(due, set(), arrived, "somewhere", told)
    assert (told.lost, told.replies_twice, told.duplicated) == (1, 1, 1)


def test_a_reply_that_the_agent_was_told_to_doubt_may_be_missing(told: Reckoning) -> None:
    reckon_replies([Mark("reply-a", 0)], {Mark("reply-a", 0)}, [], "somewhere", told)
    assert told.problems == []


def test_a_reply_that_overtook_another_of_its_conversation_is_found(told: Reckoning) -> None:
    first, second, third = (Mark("reply-a", number) for number in range(3))
    reckon_reply_order([[first, second], [third]], set(), [third, first, second], "somewhere", told)
    assert told.out_of_order == 0
    reckon_reply_order([[first, second]], {second}, [second, first], "somewhere", told)
    reckon_reply_order([[first, second]], set(), [second, first, second], "somewhere", told)
    assert told.out_of_order == 0
    reckon_reply_order([[first, second, third]], set(), [second, first, third], "somewhere", told)
    assert told.out_of_order == 1


def test_poison_is_in_its_dead_letter_once_and_nothing_else_is(ledger: Ledger, told: Reckoning) -> None:
    poison, lost = Mark("poison", 0), Mark("poison", 1)
    for mark in (poison, lost):
        ledger.poisoned(mark, "inbound.sms.v1")
    place = {"omnifil_dl_cause": "NotJson", "omnifil_dl_partition": "0"}
    letter = Letter("inbound.sms.v1", place | {"omnifil_dl_offset": "7"}, ledger.text(poison, "").encode())
    good = Letter("inbound.sms.v1", place | {"omnifil_dl_offset": "8"}, ledger.text(FIRST, "").encode())
    reckon_letters(ledger, Evidence(letters=[letter, letter, good]), told)
    assert (told.lost, told.duplicated, told.dead_lettered) == (2, 0, {"NotJson": 2})


def test_a_mail_beyond_the_limit_is_set_aside_whole(ledger: Ledger, told: Reckoning) -> None:
    mails = {}
    whole, cut = Mark("poison", 0), Mark("poison", 1)
    for mark in (whole, cut):
        ledger.poisoned(mark, "inbound.email.raw.v1")
        mails[mark] = f"Subject: giant\r\n\r\n{ledger.text(mark, '')}\r\nfilm\r\n".encode()
        ledger.giant(mark, mails[mark])
    as_it_lies = {whole: b"Received: from somewhere\r\n" + mails[whole], cut: mails[cut].replace(b"film", b"fil")}
    letters = [Letter("inbound.email.raw.v1", {"omnifil_dl_cause": "too-large"}, raw) for raw in as_it_lies.values()]
    reckon_letters(ledger, Evidence(letters=letters), told)
    assert (told.lost, told.duplicated, told.dead_lettered) == (1, 0, {"too-large": 2})
    assert [str(cut) in problem for problem in told.problems] == [True]


def test_the_line_has_everything_that_is_promised_of_it(told: Reckoning) -> None:
    promised = {"sent", "acknowledged", "lost", "duplicated", "out_of_order", "gaps", "replies_twice", "seed"}
    assert promised | {"dead_lettered", "faults", "longest_stall_s"} <= told.as_json().keys()


def test_a_stall_lasts_until_what_had_waited_and_what_came_next_is_shown() -> None:
    blow = Blow(0, "kill", "kafka", struck_at=10.0, healed_at=20.0)
    early = Mark("chat-1", 0)
    acknowledged = {FIRST: 15.0, SECOND: 21.0, early: 5.0}
    sent = {FIRST: 14.0, SECOND: 16.0, early: 4.0}
    times = Times(sent, acknowledged, {"ws0": {FIRST: 24.0, SECOND: 29.0, early: 99.0}})
    [stall] = stalls([blow], times)
    assert stall.seconds == 9.0


def test_what_is_said_after_a_fault_waits_only_since_then() -> None:
    blow = Blow(0, "kill", "kafka", struck_at=10.0, healed_at=20.0)
    [stall] = stalls([blow], Times({FIRST: 50.0}, {FIRST: 50.5}, {"ws0": {FIRST: 51.0}}))
    assert stall.seconds == 1.0


def test_a_barrage_is_over_with_its_last_fault_and_under_fire_each_counts_from_its_own_end() -> None:
    blows = [
        Blow(0, "kill", "kafka", struck_at=10.0, healed_at=12.0),
        Blow(1, "freeze", "mongod", struck_at=13.0, healed_at=20.0),
        Blow(2, "kill", "mongod", barrage=1, struck_at=40.0, healed_at=41.0),
    ]
    times = Times({FIRST: 11.0}, {FIRST: 11.5}, {"ws0": {FIRST: 45.0}})
    assert [(stall.seconds, len(stall.blows)) for stall in stalls(blows, times)] == [(25.0, 2), (0.0, 1)]
    assert [stall.seconds for stall in stalls_under_fire(blows, times)] == [33.0, 0.0, 0.0]


async def test_the_suite_has_recovered_when_every_screen_has_what_waited_and_something_new(ledger: Ledger) -> None:
    ledger.acknowledged[SECOND] = ledger.acknowledged[FIRST] + 10
    shown = screen(ledger)
    recovering = asyncio.create_task(Recovery(ledger, [shown], 30).recovered(ledger.acknowledged[FIRST] + 5))
    for mark in (FIRST, SECOND):
        done, _ = await asyncio.wait({recovering}, timeout=0.6)
        assert not done, f"before {mark} was shown"
        shown.first_seen[mark] = 0.0
    await asyncio.wait_for(recovering, 30)


async def test_of_the_faults_that_are_drawn_only_those_that_are_wanted_strike(tmp_path: Path) -> None:
    class Harmless:
        group = "nobody"

        def __init__(self, kind: str, target: str) -> None:
            self.kind, self.target = kind, target

        async def strike(self) -> None: ...
        async def heal(self) -> None: ...

    makers: dict[str, list[Make]] = {
        kind: [partial(lambda kind, target, _: Harmless(kind, target), kind, target) for target in ("a", "b")]
        for kind in ("kill", "freeze")
    }

    async def at_once(_: float) -> None: ...

    striker = Striker(Draw(Random(1), makers, {}, {}), Random(1), tmp_path / "f", (0.01, 0.02), at_once, "kill b")
    await striker.strike(0.5)
    assert striker.by_kind()["kill"] > 3
    assert {(blow.kind, blow.target) for blow in striker.blows} == {("kill", "b")}
    assert striker.blows[-1].barrage > 0
