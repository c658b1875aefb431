import pytest
from omnifil_mongostore import BulkWriteError, Duplicate, DuplicateKeyError, duplicates, translate
from omnifil_servicekit.errors import Transient
from pymongo.errors import (
    AutoReconnect,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

REFUSED = {
    "index": 3,
    "code": 11000,
    "errmsg": 'E11000 duplicate key error collection: t_cases.timeline index: dossier_seq dup key: { dossier_id: "d" }',
    "keyPattern": {"dossier_id": 1, "seq": 1},
    "keyValue": {"dossier_id": "d", "seq": 7},
}


def bulk_error(*write_errors: dict[str, object], unsafe: bool = False) -> BulkWriteError:
    concern = [{"code": 64, "errmsg": "waiting for replication timed out"}] if unsafe else []
    return BulkWriteError({"writeErrors": list(write_errors), "writeConcernErrors": concern, "nInserted": 0})


def test_a_duplicate_tells_its_place_in_the_batch_its_index_and_what_was_there() -> None:
    assert duplicates(bulk_error(REFUSED)) == [
        Duplicate(3, ("dossier_id", "seq"), {"dossier_id": "d", "seq": 7}, "dossier_seq")
    ]


def test_duplicates_come_in_the_order_of_the_batch() -> None:
    found = duplicates(bulk_error({**REFUSED, "index": 9}, {**REFUSED, "index": 2}))
    assert [each.index for each in found] == [2, 9]


def test_a_single_write_is_the_first_of_its_batch() -> None:
    assert duplicates(DuplicateKeyError("E11000", 11000, {**REFUSED, "index": 0}))[0].index == 0


def test_nothing_is_concluded_when_anything_but_duplicates_went_wrong() -> None:
    error = bulk_error(REFUSED, {"index": 4, "code": 121, "errmsg": "Document failed validation"})
    with pytest.raises(BulkWriteError) as raised:
        duplicates(error)
    assert raised.value is error


def test_duplicates_beside_writes_that_are_not_safe_yet_are_to_be_tried_again() -> None:
    with pytest.raises(Transient):
        duplicates(bulk_error(REFUSED, unsafe=True))


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("connection closed"),
        NotPrimaryError("not primary"),
        ServerSelectionTimeoutError("none"),
        WTimeoutError("waiting for replication timed out", 64),
        OperationFailure("node is shutting down", 11600),
        OperationFailure("write conflict", 112),
        OperationFailure("not authorized any more", 13),
        OperationFailure("disk full", 14031),
        bulk_error(unsafe=True),
        bulk_error({"index": 0, "code": 10107, "errmsg": "not primary"}),
    ],
    ids=lambda error: f"{type(error).__name__} {getattr(error, 'code', None)}",
)
def test_what_waiting_mends_is_transient(error: PyMongoError) -> None:
    with pytest.raises(Transient) as raised, translate():
        raise error
    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        DuplicateKeyError("E11000", 11000),
        OperationFailure("unknown operator", 2),
        bulk_error(REFUSED),
        bulk_error({"index": 0, "code": 121, "errmsg": "Document failed validation"}),
    ],
    ids=lambda error: f"{type(error).__name__} {getattr(error, 'code', None)}",
)
def test_what_waiting_does_not_mend_stays_what_it_is(error: PyMongoError) -> None:
    with pytest.raises(type(error)) as raised, translate():
        raise error
    assert raised.value is error
