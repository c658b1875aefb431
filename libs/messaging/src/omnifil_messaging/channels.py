"""One consumer for each channel, also for those that appear later: a flood or a stop on one leaves the others alone."""

import asyncio
import re
from collections.abc import Callable, Collection
from typing import Any

import structlog
from omnifil_servicekit.errors import Transient

from omnifil_messaging.backoff import Backoff
from omnifil_messaging.consumer import BatchConsumer
from omnifil_messaging.settings import KafkaSettings
from omnifil_messaging.topics import existing_topics

log = structlog.get_logger(__name__)


async def known_channels(settings: KafkaSettings, family: str) -> list[str]:
    """The channels that have a topic `<family>.<channel>.v1` now, sorted. Raises `Transient`."""
    pattern = re.compile(rf"{re.escape(family)}\.([a-z][a-z0-9-]{{1,30}})\.v1")
    return sorted(match[1] for topic in await existing_topics(settings) if (match := pattern.fullmatch(topic)))


class ChannelConsumers:
    """Discovers the channels of a topic family (`inbound`) and runs what `make_consumer(channel)` gives for each: a
    `BatchConsumer` with a group of its own, such as `customer-profile.<channel>`, and so a fetch loop of its own.
    `only` names the channels that are this process's to consume; empty: every one.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        family: str,
        make_consumer: Callable[[str], BatchConsumer[Any]],
        *,
        only: Collection[str] = (),
        discovery_interval_s: float = 2.0,
        beat: Callable[[], None] | None = None,
    ) -> None:
        self._settings = settings
        self._family = family
        self._only = frozenset(only)
        self._make_consumer = make_consumer
        self._interval_s = discovery_interval_s
        self._beat = beat or (lambda: None)
        self._running: dict[str, asyncio.Task[None]] = {}

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that are consumed now."""
        return tuple(sorted(self._running))

    async def run(self, stop: asyncio.Event) -> None:
        """Consume every channel until `stop` is set."""
        backoff = Backoff()
        attempt = 0
        try:
            while not stop.is_set():
                pause_s = self._interval_s
                try:
                    await self._discover(stop)
                    attempt = 0
                    self._beat()
                except Transient as error:
                    attempt += 1
                    pause_s = backoff.pause_s(min(attempt, 6))
                    log.warning("channels_unknown", family=self._family, error=str(error))
                await _wait(stop, pause_s)
        finally:
            if self._running:
                if not stop.is_set():  # cancelled: so are they
                    for task in self._running.values():
                        task.cancel()
                await asyncio.wait(self._running.values())

    async def _discover(self, stop: asyncio.Event) -> None:
        for channel in await known_channels(self._settings, self._family):
            if channel not in self._running and (not self._only or channel in self._only):
                log.info("channel_found", family=self._family, channel=channel)
                self._running[channel] = asyncio.create_task(self._consume(channel, stop), name=f"channel {channel}")

    async def _consume(self, channel: str, stop: asyncio.Event) -> None:
        """One channel, begun anew when its consumer fails: that is no reason to stop the others."""
        backoff = Backoff(first_s=1.0, ceiling_s=30.0)
        attempt = 0
        while not stop.is_set():
            try:
                await self._make_consumer(channel).run(stop)
            except Exception as error:
                attempt += 1
                pause_s = backoff.pause_s(attempt)
                log.exception("channel_failed", channel=channel, error=repr(error), retry_in_s=round(pause_s, 1))
                await _wait(stop, pause_s)


async def _wait(stop: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await stop.wait()
    except TimeoutError:
        return
