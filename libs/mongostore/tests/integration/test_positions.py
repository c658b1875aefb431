import pytest
from omnifil_mongostore import Fenced, Mongo, Positions

pytestmark = pytest.mark.integration


@pytest.fixture
def positions(mongo: Mongo) -> Positions:
    return Positions(mongo.database("cases"))


async def test_a_position_that_was_never_saved_is_none(positions: Positions) -> None:
    assert await positions.load("relay") is None


async def test_what_was_saved_is_loaded_with_its_kinds_of_keys(positions: Positions) -> None:
    await positions.save("relay", {"_data": "82"}, {0: 17, 1: 4})
    await positions.save("named", None, {"dossier.events.v1": 5})
    relay, named = await positions.load("relay"), await positions.load("named")
    assert relay is not None
    assert named is not None
    assert (relay.resume_token, relay.offsets) == ({"_data": "82"}, {0: 17, 1: 4})
    assert (named.resume_token, named.offsets) == (None, {"dossier.events.v1": 5})
    assert relay.saved_at.tzinfo is not None


async def test_the_last_save_counts(positions: Positions) -> None:
    await positions.save("relay", {"_data": "82"}, {0: 1})
    await positions.save("relay", {"_data": "83"}, {0: 2})
    found = await positions.load("relay")
    assert found is not None
    assert (found.resume_token, found.offsets) == ({"_data": "83"}, {0: 2})


async def test_a_holder_that_was_only_asleep_cannot_take_the_position_back(positions: Positions) -> None:
    await positions.save("relay", {"_data": "82"}, {0: 1}, fence=1)
    await positions.save("relay", {"_data": "83"}, {0: 2}, fence=2)
    await positions.save("relay", {"_data": "84"}, {0: 3}, fence=2)
    with pytest.raises(Fenced):
        await positions.save("relay", {"_data": "82"}, {0: 1}, fence=1)
    found = await positions.load("relay")
    assert found is not None
    assert found.resume_token == {"_data": "84"}


async def test_a_position_saved_without_a_fence_can_be_fenced_later(positions: Positions) -> None:
    await positions.save("relay", {"_data": "82"})
    await positions.save("relay", {"_data": "83"}, fence=1)
    found = await positions.load("relay")
    assert found is not None
    assert found.resume_token == {"_data": "83"}


async def test_who_claims_a_position_keeps_its_predecessor_out_before_saving_anything(positions: Positions) -> None:
    await positions.save("relay", {"_data": "82"}, {0: 1}, fence=1)
    claimed = await positions.claim("relay", 2)
    assert claimed is not None
    assert (claimed.resume_token, claimed.offsets) == ({"_data": "82"}, {0: 1})
    with pytest.raises(Fenced):
        await positions.save("relay", {"_data": "83"}, {0: 9}, fence=1)
    with pytest.raises(Fenced):
        await positions.claim("relay", 1)
    assert await positions.claim("relay", 2) == claimed
    await positions.save("relay", {"_data": "84"}, {0: 2}, fence=2)


async def test_a_position_that_was_only_claimed_is_none_and_already_fenced(positions: Positions) -> None:
    assert await positions.claim("relay", 2) is None
    assert await positions.load("relay") is None
    with pytest.raises(Fenced):
        await positions.save("relay", {"_data": "82"}, fence=1)
    assert await positions.claim("relay", 3) is None
