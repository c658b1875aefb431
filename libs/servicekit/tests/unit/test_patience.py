import pytest
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.patience import patiently


async def test_what_is_away_at_the_start_is_waited_for() -> None:
    away = [Transient("no primary"), Transient("no broker")]

    async def attempt() -> str:
        if away:
            raise away.pop()
        return "there"

    assert await patiently(attempt, pause_s=0.001) == "there"
    assert not away


async def test_what_waiting_does_not_mend_is_raised() -> None:
    async def attempt() -> None:
        raise ValueError("an index in another form")

    with pytest.raises(ValueError, match="another form"):
        await patiently(attempt, pause_s=0.001)
