"""Writes what it gets to a file and never comes to commit it: to be killed. Arguments: bootstrap prefix group file."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from omnifil_contracts.record import Record
from omnifil_messaging import BatchConsumer, KafkaSettings, Patience, Producer, Received


class Thing(Record):
    """What the test publishes."""

    ce_type: ClassVar[str] = "omnifil.thing.v1"
    n: int


async def main(bootstrap: str, prefix: str, group: str, file: str) -> None:
    settings = KafkaSettings(bootstrap, prefix, "crashing")

    async def handler(batch: Sequence[Received[Thing]]) -> None:
        with Path(file).open("a") as written:  # noqa: ASYNC230 a few lines
            written.writelines(f"{received.record.n}\n" for received in batch)
        if Path(file).read_text().count("\n") == 30:  # noqa: ASYNC240
            await asyncio.Event().wait()

    async with Producer(settings) as producer:
        consumer = BatchConsumer(
            settings,
            topics=["things.v1"],
            group=group,
            record_type=Thing,
            handler=handler,
            producer=producer,
            # Nothing is committed in the background either, so that the crash is certain to come before it.
            patience=Patience(session_timeout_s=6, commit_interval_s=3600),
        )
        await consumer.run(asyncio.Event())


asyncio.run(main(*sys.argv[1:]))
