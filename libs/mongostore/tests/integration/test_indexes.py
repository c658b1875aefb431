import asyncio

import pytest
from omnifil_mongostore import (
    DuplicateKeyError,
    Index,
    IndexMismatch,
    IndexMissing,
    Mongo,
    check_indexes,
    ensure_indexes,
)

pytestmark = pytest.mark.integration

DECLARED = [
    Index("timeline", ["dossier_id", "seq"], unique=True),
    Index("timeline", ["effects"], unique=True, partial={"effects": {"$exists": True}}, name="once"),
    Index("dossiers", [("updated_at", -1)], sparse=True),
    Index("seen", ["at"], expire_after_s=3600),
]


async def test_missing_indexes_are_created_and_work(mongo: Mongo) -> None:
    cases = mongo.database("cases")
    await ensure_indexes(cases, DECLARED)
    await check_indexes(cases, DECLARED)
    await cases["timeline"].insert_one({"dossier_id": "d", "seq": 1})
    with pytest.raises(DuplicateKeyError):
        await cases["timeline"].insert_one({"dossier_id": "d", "seq": 1})


async def test_creating_them_again_or_from_several_processes_changes_nothing(mongo: Mongo) -> None:
    cases = mongo.database("cases")
    await asyncio.gather(*(ensure_indexes(cases, DECLARED) for _ in range(4)))
    await ensure_indexes(cases, DECLARED)
    assert len(await cases["timeline"].index_information()) == 3  # with that of _id


async def test_a_missing_index_is_named_by_the_check(mongo: Mongo) -> None:
    cases = mongo.database("cases")
    await ensure_indexes(cases, DECLARED[:1])
    with pytest.raises(IndexMissing, match=r"timeline lacks the index once on \(\('effects', 1\),\)"):
        await check_indexes(cases, DECLARED)


@pytest.mark.parametrize(
    "other",
    [
        Index("timeline", ["dossier_id", "seq"]),
        Index("timeline", ["dossier_id", "seq"], unique=True, name="other_name"),
        Index("timeline", ["seq", "dossier_id"], unique=True, name="dossier_id_1_seq_1"),
        Index("timeline", ["effects"], unique=True, partial={"effects": {"$gt": ""}}, name="once"),
        Index("seen", ["at"], expire_after_s=60),
    ],
    ids=["not unique", "other name", "other keys", "other partial filter", "other expiry"],
)
async def test_an_index_in_another_form_is_refused(mongo: Mongo, other: Index) -> None:
    cases = mongo.database("cases")
    await ensure_indexes(cases, DECLARED)
    with pytest.raises(IndexMismatch, match="drop the old one"):
        await ensure_indexes(cases, [other])
    with pytest.raises(IndexMismatch):
        await check_indexes(cases, [other])


async def test_a_second_partial_index_on_the_same_fields_is_another_index(mongo: Mongo) -> None:
    cases = mongo.database("cases")
    first = Index("dossiers", ["customer_id"], partial={"live": True}, name="live")
    second = Index("dossiers", ["customer_id"], partial={"live": False}, name="past")
    await ensure_indexes(cases, [first, second])
    await check_indexes(cases, [first, second])


async def test_duplicates_in_the_way_of_a_unique_index_are_said(mongo: Mongo) -> None:
    cases = mongo.database("cases")
    await cases["timeline"].insert_many([{"dossier_id": "d", "seq": 1}, {"dossier_id": "d", "seq": 1}])
    with pytest.raises(IndexMismatch, match="holds duplicates"):
        await ensure_indexes(cases, DECLARED)
