"""A replica that hangs around publishing, to be killed there. Arguments: before|after. Settings by environment."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from customer_profile.bootstrap import bootstrap
from customer_profile.settings import Settings
from omnifil_messaging import KafkaSettings, Outgoing, Position, Producer


class HangingProducer(Producer):
    """Identities are written by the time it is called; offsets are committed after it returns."""

    moment, told = sys.argv[1], Path(sys.argv[2])

    async def publish_all(self, outgoings: Sequence[Outgoing]) -> list[Position]:
        if self.moment == "after":
            await super().publish_all(outgoings)
        self.told.touch()
        await asyncio.Event().wait()
        raise AssertionError


async def main() -> None:
    settings = Settings()
    producer = HangingProducer(KafkaSettings.of(settings, "crashing"))
    parts = bootstrap(settings, frozenset({"consume"}), producer=producer)
    assert parts.resources is not None
    async with parts.resources:
        await parts.loops["consume"](asyncio.Event())


asyncio.run(main())
