"""The same protocol on the code itself: consumers, relays and clients over a simulated Kafka and MongoDB.

Everybody who does I/O waits for a turn, and a drawn schedule says whose turn it is. A process that dies never gets
another; one that sleeps gets its next when others have long taken over. Simulated is only the far side of the ports:
the use cases, the relay's loop, records, documents and the bookkeeping of offsets are the code.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from omnifil_mongostore import StoredPosition
from protocol_play.play import CUSTOMERS, Play

STEPS = 300
pytestmark = pytest.mark.timeout(300)


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_whatever_dies_sleeps_or_races_nothing_is_lost_doubled_or_missed(seed: int) -> None:
    with Play(random.Random(seed)) as play:
        play.run(STEPS)


def test_the_schedules_have_every_kind_of_trouble() -> None:
    faults: Counter[str] = Counter()
    fenced = redelivered = clients = 0
    for seed in range(10):
        with Play(random.Random(seed)) as play:
            play.run(STEPS)
            faults += play.faults
            clients += len(play.clients)
            fenced += play.relays - len([name for name in play.tasks if name.startswith("relay")])
            redelivered += sum(len(log) for log in play.logs.values()) - len(play.linked())
    assert set(faults) == {"consumer died", "consumer slept", "consumer handed over", "relay died", "relay slept"}
    assert min(fenced, redelivered, clients) > 0


@pytest.mark.parametrize(
    "broken",
    [
        "commit-before-write",
        "no-unique-effect",
        "no-unique-place",
        "watermark-before-publish",
        "cursor-after-snapshot",
    ],
)
def test_a_broken_promise_is_found_by_some_schedule(broken: str) -> None:
    for seed in range(200):
        try:
            with Play(random.Random(seed), broken) as play:
                play.run(STEPS)
        except AssertionError as found:
            print(f"{broken}: seed {seed}, {found}")
            return
    pytest.fail(f"no schedule has noticed that {broken}")


def until(play: Play, who: str, condition: Callable[[], bool], turn: int = 0) -> None:
    """Let this one go on; of what it waits for at once, the `turn`-th first."""
    for _ in range(100):
        if condition():
            return
        play.turns.goes_on(who, turn)
        play.everybody_runs_until_they_wait()
    raise AssertionError(f"{who} has not come so far")


def a_relay_sleeps_in_the_middle_of_publishing(play: Play) -> None:
    """The counterexample of `watermark-not-claimed` (Relay.tla), step by step, on the real relay."""
    play.mark.stored = StoredPosition({"at": 0}, {0: 0}, datetime.now(UTC))
    consumer, log = play.lives["email"].name, play.logs["email"]
    play.everybody_runs_until_they_wait()
    log.append(play.shop.message(CUSTOMERS[0]))
    until(play, consumer, lambda: len(play.store.appended) == 1)
    # It has projected, and not yet published, when it falls asleep.
    until(play, "relay 1", lambda: play.turns.waits_for("relay 1") == 2)
    until(play, "relay 1", lambda: len(play.documents._dossiers) == 1, turn=-1)
    assert not play.topic
    log.append(play.shop.message(CUSTOMERS[0]))
    until(play, consumer, lambda: len(play.store.appended) == 2)
    entries = sum(len(append.entries) for append in play.store.appended)
    # Its successor has published everything and not yet projected it, when it wakes, ends its batch, marks it and dies.
    play.relay_begins()
    play.everybody_runs_until_they_wait()
    until(play, "relay 2", lambda: play.turns.waits_for("relay 2") == 2)
    play.turns.goes_on("relay 2")
    play.everybody_runs_until_they_wait()
    until(play, "relay 2", lambda: len(play.topic) == entries, turn=-1)
    marked = play.mark.stored
    until(play, "relay 1", lambda: "relay 1" not in play.tasks or play.mark.stored is not marked, turn=-1)
    play.turns.dies("relay 1")
    play.a_client_comes()
    play.everybody_runs_until_they_wait()
    until(play, "client 0", lambda: play.clients[0].known is not None)
    play.everybody_finishes()


def test_a_relay_that_wakes_after_its_lease_cannot_move_the_cursor_past_what_is_not_projected() -> None:
    with Play(random.Random(0)) as play:
        a_relay_sleeps_in_the_middle_of_publishing(play)
    with (
        pytest.raises(AssertionError, match="a client has missed something"),
        Play(random.Random(0), "watermark-not-claimed") as play,
    ):
        a_relay_sleeps_in_the_middle_of_publishing(play)
