"""Indexes are declared beside the adapter that needs them, created at start, and checked by every role."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .driver import ASCENDING, Database, OperationFailure
from .failures import translate

Key = str | tuple[str, int]


class IndexMismatch(Exception):
    """An index of that name, or on those fields, exists and is another than the one declared."""


class IndexMissing(Exception):
    """A declared index is not there: whoever creates them has not run yet."""


@dataclass(frozen=True)
class Index:
    """One index. `keys` are field names (ascending) or `(field, direction)`; `partial` is a filter expression.

    `name` defaults to MongoDB's own convention (`dossier_id_1_seq_1`).
    """

    collection: str
    keys: Sequence[Key]
    unique: bool = False
    partial: Mapping[str, Any] | None = None
    sparse: bool = False
    name: str = ""
    expire_after_s: int | None = None
    _pairs: tuple[tuple[str, int], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pairs = tuple((key, ASCENDING) if isinstance(key, str) else (key[0], key[1]) for key in self.keys)
        object.__setattr__(self, "_pairs", pairs)
        object.__setattr__(self, "name", self.name or "_".join(f"{name}_{direction}" for name, direction in pairs))

    @property
    def pairs(self) -> tuple[tuple[str, int], ...]:
        return self._pairs

    def options(self) -> dict[str, Any]:
        """As MongoDB's createIndexes takes them and listIndexes gives them back."""
        options: dict[str, Any] = {}
        if self.unique:
            options["unique"] = True
        if self.sparse:
            options["sparse"] = True
        if self.partial is not None:
            options["partialFilterExpression"] = dict(self.partial)
        if self.expire_after_s is not None:
            options["expireAfterSeconds"] = self.expire_after_s
        return options


_COMPARED = ("unique", "sparse", "partialFilterExpression", "expireAfterSeconds")


async def ensure_indexes(database: Database, indexes: Iterable[Index]) -> None:
    """Create what is missing. Raises `IndexMismatch` when one exists in another form; never drops anything.

    Safe to call from several processes at once.
    """
    with translate():
        for collection, declared in _by_collection(indexes).items():
            existing = await _existing(database, collection)
            for index in declared:
                if not _found(database, index, existing):
                    await _create(database, index)


async def check_indexes(database: Database, indexes: Iterable[Index]) -> None:
    """Raises `IndexMissing` or `IndexMismatch` with the first that is not as declared."""
    with translate():
        for collection, declared in _by_collection(indexes).items():
            existing = await _existing(database, collection)
            for index in declared:
                if not _found(database, index, existing):
                    raise IndexMissing(f"{database.name}.{collection} lacks the index {index.name} on {index.pairs}.")


async def _create(database: Database, index: Index) -> None:
    try:
        await database[index.collection].create_index(list(index.pairs), name=index.name, **index.options())
    except OperationFailure as error:
        if error.code == 11000:
            raise IndexMismatch(
                f"{database.name}.{index.collection} holds duplicates, so the unique index {index.name} on "
                f"{index.pairs} cannot be built: remove them first."
            ) from error
        if error.code in (
            85,
            86,
        ):  # IndexOptionsConflict, IndexKeySpecsConflict: another process was faster, and differs
            raise IndexMismatch(f"{database.name}.{index.collection}: {error}") from error
        raise


def _found(database: Database, index: Index, existing: Sequence[Mapping[str, Any]]) -> bool:
    for found in existing:
        same_keys = tuple((name, direction) for name, direction in found["key"].items()) == index.pairs
        if found["name"] != index.name and not same_keys:
            continue
        options = {name: found[name] for name in _COMPARED if name in found}
        if found["name"] == index.name and same_keys and _plain(options) == _plain(index.options()):
            return True
        if found["name"] == index.name or options.get("partialFilterExpression") == index.options().get(
            "partialFilterExpression"
        ):
            raise IndexMismatch(
                f"{database.name}.{index.collection} has the index {found['name']} on {dict(found['key'])} with "
                f"{_plain(options)}, declared is {index.name} on {dict(index.pairs)} with {index.options()}: "
                "drop the old one, or give the new one another name."
            )
    return False


def _plain(value: Any) -> Any:
    """Compare what MongoDB gives back (SON, floats for integers) by value."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _by_collection(indexes: Iterable[Index]) -> dict[str, list[Index]]:
    grouped: dict[str, list[Index]] = {}
    for index in indexes:
        grouped.setdefault(index.collection, []).append(index)
    return grouped


async def _existing(database: Database, collection: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async for index in database[collection].list_indexes():
        found.append(dict(index))
    return found
