from datetime import UTC, datetime, timedelta

from omnifil_servicekit.metrics import RelayFigures, Stage, messages, reply_settled
from prometheus_client import REGISTRY


def sample(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def lag_of(relay: str) -> float | None:
    return sample("omnifil_relay_lag_seconds", relay=relay)


def test_a_relays_lag_grows_while_it_carries_nothing_and_is_none_while_it_stands_by() -> None:
    now = [1_000.0]
    figures = RelayFigures("test", clock=lambda: now[0])
    now[0] += 60
    assert (lag_of("test"), sample("omnifil_relay_active", relay="test")) == (0, 0)

    figures.begins()
    now[0] += 5
    assert (lag_of("test"), sample("omnifil_relay_active", relay="test")) == (5, 1)
    figures.carried(datetime.fromtimestamp(1_062.0, UTC))
    assert lag_of("test") == 3
    figures.carried()
    assert lag_of("test") == 0
    now[0] += 30
    assert lag_of("test") == 30

    figures.ends()
    assert (lag_of("test"), sample("omnifil_relay_active", relay="test")) == (0, 0)


def test_a_counter_of_a_channel_and_stage_is_resolved_once() -> None:
    assert messages("test-channel", Stage.SHOWN) is messages("test-channel", Stage.SHOWN)
    messages("test-channel", Stage.SHOWN).inc(2)
    assert sample("omnifil_messages_total", channel="test-channel", stage="shown") == 2


def test_a_reply_is_counted_by_what_became_of_it_and_timed_from_when_it_was_asked_for() -> None:
    reply_settled("test-replies", datetime.now(UTC) - timedelta(seconds=40), delivered=True)
    reply_settled("test-replies", datetime.now(UTC) + timedelta(seconds=40), delivered=False)
    assert sample("omnifil_messages_total", channel="test-replies", stage="reply-delivered") == 1
    assert sample("omnifil_messages_total", channel="test-replies", stage="reply-failed") == 1
    taken_s = sample("omnifil_reply_seconds_sum", channel="test-replies")
    assert taken_s is not None
    assert 40 <= taken_s < 45  # clocks that differ never count backwards
