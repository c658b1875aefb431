import pytest
from omnifil_testkit.waiting import Eventually


async def test_a_condition_is_asked_again_until_it_holds(eventually: Eventually) -> None:
    answers = iter([False, False, True])
    assert await eventually(lambda: next(answers)) is True


async def test_a_condition_may_be_async_and_may_assert(eventually: Eventually) -> None:
    tries: list[int] = []

    async def condition() -> str:
        tries.append(1)
        assert len(tries) > 2
        return "there"

    assert await eventually(condition) == "there"


async def test_the_last_failure_reaches_the_test(eventually: Eventually) -> None:
    def condition() -> None:
        raise AssertionError("still two")

    with pytest.raises(AssertionError, match="still two"):
        await eventually(condition, timeout_s=0.1)
