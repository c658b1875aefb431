"""What the driver raises, said in words that a handler can decide on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from omnifil_servicekit.errors import Transient
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

_DUPLICATE_KEY = 11000

# MongoDB's error_codes.yml. The server is away, changing over, out of resources, or does not know us (any more):
# none of that is the fault of the record that was being written.
_NOT_THE_RECORDS_FAULT = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        13,  # Unauthorized
        18,  # AuthenticationFailed
        24,  # LockTimeout
        46,  # LockBusy
        50,  # MaxTimeMSExpired
        64,  # WriteConcernFailed
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        112,  # WriteConflict
        134,  # ReadConcernMajorityNotAvailableYet
        189,  # PrimarySteppedDown
        202,  # NetworkInterfaceExceededTimeLimit
        251,  # NoSuchTransaction
        388,  # TransactionTooLargeForCache: fits when the cache has more room
        262,  # ExceededTimeLimit
        9001,  # SocketException
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
        14031,  # OutOfDiskSpace
    }
)
_TRANSIENT_LABELS = ("TransientTransactionError", "RetryableWriteError", "UnknownTransactionCommitResult")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One document that a unique index refused.

    `index` is the position in the batch that was written (0 for a single write), `key_pattern` the fields of the unique
    index in its order, `key_value` what was there already, by field.
    """

    index: int
    key_pattern: tuple[str, ...]
    key_value: dict[str, Any]
    index_name: str


def duplicates(error: BulkWriteError | DuplicateKeyError) -> list[Duplicate]:
    """What was refused as a duplicate, in the order of the batch; everything else of an unordered batch was written.

    Raises the error itself (or `Transient`) when anything but duplicates went wrong: then nothing may be concluded.
    """
    if not isinstance(error, BulkWriteError):
        return [_duplicate(0, error.details or {})]
    if is_transient(error):
        raise Transient(_sentence(error)) from error
    failed: list[Mapping[str, Any]] = (error.details or {}).get("writeErrors", [])
    if any(each.get("code") != _DUPLICATE_KEY for each in failed):
        raise error
    return sorted((_duplicate(each["index"], each) for each in failed), key=lambda duplicate: duplicate.index)


def _duplicate(index: int, details: Mapping[str, Any]) -> Duplicate:
    name = str(details.get("errmsg", "")).partition(" index: ")[2].partition(" ")[0]
    return Duplicate(index, tuple(details.get("keyPattern", {})), dict(details.get("keyValue", {})), name)


def is_transient(error: PyMongoError) -> bool:
    """Whether trying the same again later can work, and the record is not to blame."""
    if isinstance(error, ConnectionFailure | ExecutionTimeout | WTimeoutError):
        return True
    if any(error.has_error_label(label) for label in _TRANSIENT_LABELS):
        return True
    if isinstance(error, BulkWriteError):
        details = error.details or {}
        # Written, but not known to be safe on a majority: as good as not written.
        return bool(details.get("writeConcernErrors")) or any(
            each.get("code") in _NOT_THE_RECORDS_FAULT for each in details.get("writeErrors", [])
        )
    return isinstance(error, OperationFailure) and error.code in _NOT_THE_RECORDS_FAULT


@contextmanager
def translate() -> Iterator[None]:
    """Around any use of the driver: what is worth trying again comes out as `Transient`, the rest as it is."""
    try:
        yield
    except PyMongoError as error:
        if is_transient(error):
            raise Transient(_sentence(error)) from error
        raise


def _sentence(error: PyMongoError) -> str:
    return f"MongoDB is away or changing over ({type(error).__name__}): {str(error)[:300]}"
