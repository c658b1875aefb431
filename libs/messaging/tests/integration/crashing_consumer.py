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
        await asyncio.Event().wait()

    def beat() -> None:
        """Once for each round of the background commits."""
        if Path(file).exists():
            with Path(f"{file}.rounds").open("a") as rounds:
                rounds.write(".")

    async with Producer(settings) as producer:
        consumer = BatchConsumer(
            settings,
            topics=["things.v1"],
            group=group,
            record_type=Thing,
            handler=handler,
            producer=producer,
            patience=Patience(session_timeout_s=6),
            beat=beat,
        )
        await consumer.run(asyncio.Event())


asyncio.run(main(*sys.argv[1:]))
