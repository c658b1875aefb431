"""Breaks one promise on purpose in every service process that has this folder on its PYTHONPATH (`--break`).

Python imports `sitecustomize` at its start. Nothing of this is in the services: as each module is imported, the one
that keeps the promise is changed. The names are those of `CHAOS_BROKEN`.
"""

import asyncio
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

Patch = Callable[[Any], None]


def _commit_before_write(consumer: Any) -> None:
    """Offsets are committed when a batch comes, not when it is written."""
    do = consumer.BatchConsumer._do

    async def done_at_once(self: Any, records: Sequence[Any], tenure: Any) -> None:
        for record in records:
            tenure.progress.done((record.topic, record.partition), [record.offset])
        await self._commit(3.0)
        await do(self, records, tenure)

    consumer.BatchConsumer._do = done_at_once


def _drop_unique_indexes(indexes: Any) -> None:
    """case-service's database has none: not for effects, ordinals or conversations."""
    create = indexes._create

    async def all_but_unique(database: Any, index: Any) -> None:
        if not (index.unique and database.name.endswith("_cases")):
            await create(database, index)

    indexes._create = all_but_unique


def _mark_before_publish(relay: Any) -> None:
    """The relay writes its watermark first, and publishes then."""
    carry = relay.Relay._carry

    async def marked_first(self: Any, batch: Any, offsets: dict[int, int]) -> None:
        if batch.changes:
            await self._positions.save(relay.WATERMARK, batch.resume_token, offsets, fence=self._lease.token)
        await carry(self, batch, offsets)

    relay.Relay._carry = marked_first


def _acknowledge_before_kafka(producer: Any) -> None:
    """The ingest services say “taken” before Kafka has it."""
    if not any("ingest_" in argument or "pytest" in argument for argument in sys.orig_argv):
        return
    publish_all, on_the_way = producer.Producer.publish_all, set[asyncio.Task[Any]]()

    async def some_time(self: Any, outgoings: Sequence[Any]) -> list[Any]:
        task = asyncio.create_task(publish_all(self, outgoings))
        on_the_way.add(task)
        task.add_done_callback(on_the_way.discard)
        return []

    producer.Producer.publish_all = some_time


BROKEN: dict[str, tuple[str, Patch]] = {
    "commit-before-write": ("omnifil_messaging.consumer", _commit_before_write),
    "drop-unique-indexes": ("omnifil_mongostore.indexes", _drop_unique_indexes),
    "mark-before-publish": ("case_service.entrypoints.relay", _mark_before_publish),
    "acknowledge-before-kafka": ("omnifil_messaging.producer", _acknowledge_before_kafka),
}
"""By name: the module that keeps the promise, and how it is broken."""


class _Breaker(importlib.abc.MetaPathFinder):
    """Finds the module as Python does, and patches it when it has been executed."""

    def __init__(self, module: str, patch: Patch) -> None:
        self._module = module
        self._patch = patch

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def and_break(module: ModuleType) -> None:
            execute(module)
            self._patch(module)

        spec.loader.exec_module = and_break  # type: ignore[method-assign]
        return spec


if (_name := os.environ.get("CHAOS_BROKEN")) is not None:
    sys.meta_path.insert(0, _Breaker(*BROKEN[_name]))
