from omnifil_messaging.backoff import Backoff


def test_pauses_double_up_to_the_ceiling() -> None:
    backoff = Backoff(first_s=0.1, ceiling_s=1.0, chance=lambda: 1.0)
    assert [round(backoff.pause_s(attempt), 3) for attempt in range(1, 7)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_jitter_shortens_by_up_to_half_and_never_to_nothing() -> None:
    assert Backoff(first_s=2, chance=lambda: 0.0).pause_s(1) == 1.0
    drawn = {Backoff(first_s=2).pause_s(1) for _ in range(50)}
    assert len(drawn) > 1
    assert all(1.0 <= pause <= 2.0 for pause in drawn)


def test_a_thousandth_attempt_does_not_overflow() -> None:
    assert Backoff(ceiling_s=15, chance=lambda: 1.0).pause_s(100_000) == 15
