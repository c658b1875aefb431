"""What is asked of MongoDB while a test plays, and how it answers that: no query may be forgotten, none may scan.

A test enters `recorded()`, plays a day on the real adapters, and then looks at every *shape* that was asked
(collection, command, fields and operators; values aside): MongoDB explains the largest example of each.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pymongo import AsyncMongoClient, monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

Document = dict[str, Any]

_ASKING = ("find", "aggregate", "count", "distinct", "update", "delete", "findAndModify")


@dataclass(frozen=True)
class Query:
    """One shape, with the largest example of it: as the command that was sent, without session and concerns."""

    database: str
    collection: str
    command: str
    shape: str
    example: Document = field(compare=False, hash=False)

    def __str__(self) -> str:
        return f"{self.collection}: {self.command} {self.shape}"


@dataclass(frozen=True)
class Explained:
    """How MongoDB answered: the stages of its plans, and how much it looked at for what it found."""

    query: Query
    stages: frozenset[str]
    keys: int
    documents: int
    found: int

    @property
    def scans(self) -> bool:
        return "COLLSCAN" in self.stages

    def looks_at_more_than(self, share: float, besides: int) -> bool:
        """Whether it reads more documents than `share` for each that it finds, and `besides` in all."""
        return self.documents > share * self.found + besides


class Recording(CommandListener):
    """Every query of every client that was made while it was entered."""

    def __init__(self) -> None:
        self.on = False
        self._asked: dict[Query, int] = {}

    @property
    def queries(self) -> list[Query]:
        """Each shape once, in a stable order."""
        return sorted(self._asked, key=str)

    def started(self, event: CommandStartedEvent) -> None:
        if not self.on or event.command_name not in _ASKING:
            return
        command = dict(event.command)
        for asked in _one_by_one(event.command_name, command):
            if "$changeStream" not in str(asked.get("pipeline", "")):
                self._note(event.database_name, event.command_name, asked)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        return

    def failed(self, event: CommandFailedEvent) -> None:
        return

    def _note(self, database: str, command: str, asked: Document) -> None:
        query = Query(database, str(asked[command]), command, str(_shape(_condition(command, asked))), asked)
        size = len(str(asked))
        if size > self._asked.get(query, -1):
            self._asked.pop(query, None)
            self._asked[query] = size


@contextmanager
def recorded() -> Iterator[Recording]:
    """Clients must be made inside; those of other tests are not heard afterwards."""
    recording = Recording()
    monitoring.register(recording)  # for good: pymongo takes no listener back
    recording.on = True
    try:
        yield recording
    finally:
        recording.on = False


async def explained(uri: str, queries: Sequence[Query]) -> list[Explained]:
    """By the server, on the data as it is now; nothing is changed by it."""
    async with AsyncMongoClient[Document](uri, tz_aware=True) as client:
        return [await _explained(client, query) for query in queries]


def called(thing: object) -> tuple[Any, set[str]]:
    """The thing, and the names of those of its methods that were called; the set grows with use."""
    names: set[str] = set()

    class Noting:
        def __getattr__(self, name: str) -> Any:
            names.add(name)
            return getattr(thing, name)

    return Noting(), names


def methods(kind: type) -> set[str]:
    """The public methods of a class that ask somebody: coroutines and asynchronous generators."""
    return {
        name
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and (inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method))
    }


async def _explained(client: AsyncMongoClient[Document], query: Query) -> Explained:
    plan = await client[query.database].command({"explain": query.example, "verbosity": "executionStats"})
    stages: set[str] = set()
    keys, documents, found = _sums(plan, stages)
    return Explained(query, frozenset(stages), keys, documents, found)


def _sums(plan: Mapping[str, Any], stages: set[str]) -> tuple[int, int, int]:
    """Over everything that was executed: a $lookup says of its own what it looked at."""
    keys = documents = found = 0
    for part in _parts(plan):
        if "stage" in part:
            stages.add(str(part["stage"]))
        if "executionStages" in part:
            keys += part.get("totalKeysExamined", 0)
            documents += part.get("totalDocsExamined", 0)
            written = _inner(part["executionStages"])
            found += max(part.get("nReturned", 0), written.get("nMatched", 0), written.get("nWouldDelete", 0))
        elif "$lookup" in part:
            keys += part.get("totalKeysExamined", 0)
            documents += part.get("totalDocsExamined", 0)
            found += part.get("totalDocsExamined", 0)
            if part.get("collectionScans", 0):
                stages.add("COLLSCAN")
    return keys, documents, found


def _inner(stage: Mapping[str, Any]) -> Mapping[str, Any]:
    return stage if "nMatched" in stage or "nWouldDelete" in stage else stage.get("inputStage", {})


def _parts(plan: Any) -> Iterator[Mapping[str, Any]]:
    """Every document in it, but for plans that were thought of and not taken."""
    if isinstance(plan, Mapping):
        yield plan
        for name, each in plan.items():
            if name not in ("rejectedPlans", "allPlansExecution", "command"):
                yield from _parts(each)
    elif isinstance(plan, list):
        for each in plan:
            yield from _parts(each)


def _one_by_one(name: str, command: Document) -> Iterator[Document]:
    """Commands as they can be explained: a bulk write is as many as it has statements."""
    kept = ("filter", "query", "sort", "limit", "skip", "projection", "hint", "pipeline", "cursor", "key", "update",
            "remove", "upsert", "fields", "let")  # fmt: skip
    statements = {"update": "updates", "delete": "deletes"}.get(name)
    if statements is None:
        yield {name: command[name], **{each: command[each] for each in kept if each in command and each != name}}
        return
    for each in command[statements]:
        yield {name: command[name], statements: [each]}


def _condition(name: str, asked: Document) -> Any:
    if name in ("update", "delete"):
        return asked["updates" if name == "update" else "deletes"][0]["q"]
    if name == "aggregate":
        return asked["pipeline"]
    condition = asked.get("filter", asked.get("query", {}))
    return [condition, asked["sort"]] if asked.get("sort") else condition


def _shape(value: Any) -> Any:
    """Without the values, and without how many there are."""
    if isinstance(value, Mapping):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        shapes = list({str(shape): shape for shape in map(_shape, value)}.values())
        return shapes[0] if shapes == ["?"] else shapes
    return "?"
