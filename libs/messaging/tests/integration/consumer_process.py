"""A consumer as a process, to be killed. It appends `key n` of each record to a file.

Arguments: bootstrap prefix group file manner; the manner is `hang` (write, then never return from the first batch) or
`work` (a little time for each record, and now and then something is away).
"""

import asyncio
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from omnifil_contracts.record import Record
from omnifil_messaging import Backoff, BatchConsumer, KafkaSettings, Patience, Producer, Received
from omnifil_servicekit.errors import Transient


class Thing(Record):
    """What the tests publish."""

    ce_type: ClassVar[str] = "omnifil.thing.v1"
    key: str
    n: int


async def main(bootstrap: str, prefix: str, group: str, file: str, manner: str) -> None:
    settings = KafkaSettings(bootstrap, prefix, "consumer-process")
    written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def hang(batch: Sequence[Received[Thing]]) -> None:
        for received in batch:
            os.write(written, f"{received.record.key} {received.record.n}\n".encode())
        await asyncio.Event().wait()

    async def work(batch: Sequence[Received[Thing]]) -> None:
        chance = random.random()  # noqa: S311 nothing secret
        for place, received in enumerate(batch):
            if place == chance * 5 * len(batch) // 1:  # in one batch of five, somewhere in it
                raise Transient("something is away")
            os.write(written, f"{received.record.key} {received.record.n}\n".encode())
            await asyncio.sleep(0.002)  # the work

    def beat() -> None:
        """Once for each round of the background commits."""
        if Path(file).stat().st_size:
            with Path(f"{file}.rounds").open("a") as rounds:
                rounds.write(".")

    async with Producer(settings) as producer:
        consumer = BatchConsumer(
            settings,
            topics=["things.v1"],
            group=group,
            record_type=Thing,
            handler={"hang": hang, "work": work}[manner],
            producer=producer,
            max_records=100,
            patience=Patience(session_timeout_s=6, backoff=Backoff(first_s=0.05, ceiling_s=0.2)),
            beat=beat,
        )
        await consumer.run(asyncio.Event())


asyncio.run(main(*sys.argv[1:]))
