import asyncio

from omnifil_servicekit.health import CheckResult, Health


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def works() -> None:
    return None


async def fails() -> None:
    raise ConnectionError("no broker at first@customer.test")


async def hangs() -> None:
    await asyncio.Event().wait()


def started(health: Health) -> Health:
    health.started = True
    return health


async def test_it_is_ready_when_every_check_passes() -> None:
    health = started(Health())
    health.check("kafka", works)
    report = await health.report()
    assert report.ready
    assert report.checks == {"kafka": CheckResult(True)}


async def test_one_failing_check_makes_it_not_ready_and_says_why_without_addresses() -> None:
    health = started(Health())
    health.check("kafka", fails)
    health.check("mongo", works)
    report = await health.report()
    assert not report.ready
    assert report.checks["mongo"].ok
    assert report.checks["kafka"].error == "ConnectionError: no broker at [redacted]"


async def test_a_check_that_hangs_fails_alone() -> None:
    health = started(Health(check_limit_s=0.05))
    health.check("kafka", hangs)
    health.check("mongo", works)
    report = await health.report()
    assert report.checks["kafka"].error == "did not answer within 0.05 s"
    assert report.checks["mongo"].ok


async def test_a_loop_that_fell_silent_is_not_ready_until_it_beats_again() -> None:
    clock = Clock()
    health = started(Health(clock=clock))
    health.beat("consume email")
    clock.now = 30
    assert (await health.report()).ready
    clock.now = 31
    report = await health.report()
    assert not report.ready
    assert report.checks["loop consume email"].error == "has given no sign of life for 31 s"
    health.beat("consume email")
    assert (await health.report()).ready


async def test_a_watched_loop_that_never_begins_is_noticed() -> None:
    clock = Clock()
    health = started(Health(clock=clock))
    health.watch("relay")
    clock.now = 40
    assert not (await health.report()).ready


async def test_a_process_that_starts_or_stops_is_not_ready() -> None:
    health = Health()
    assert (await health.report()).checks["process"].error == "is starting"
    started(health)
    health.stopping.set()
    assert (await health.report()).checks["process"].error == "is stopping"
