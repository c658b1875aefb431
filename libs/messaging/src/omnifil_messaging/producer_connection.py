"""One life of an aiokafka producer. It ends at the first failure: a gap in an idempotent sequence stays."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from omnifil_messaging.outgoing import Wire
from omnifil_messaging.settings import KafkaSettings

log = structlog.get_logger(__name__)

_BATCH_BYTES = 256 * 1024
_END_S = 15.0


class Connection:
    """Open it with `open`; end it with `close` (delivers what is buffered) or `abandon` (does not)."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._ended = False

    @classmethod
    async def open(cls, settings: KafkaSettings) -> Self:
        """Connect and get a producer id. Raises KafkaError when no broker answers; waits while none can give an id."""
        client = AIOKafkaProducer(
            **settings.connection(),
            enable_idempotence=True,
            acks="all",
            # One request is under way per broker, so a batch gathers by itself while the last one is acknowledged.
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            # Our own limit comes first, with a clearer error; dead letters are a little larger.
            max_request_size=2**31 - 1,
            request_timeout_ms=10_000,
            metadata_max_age_ms=30_000,
        )
        connection = cls(client)
        try:
            await client.start()
        except BaseException:
            await connection.abandon()
            raise
        return connection

    async def lookup(self, name: str) -> None:
        """Return once the topic is known; waits for one that does not exist."""
        await self._client.partitions_for(name)

    async def ping(self) -> None:
        """Raises KafkaError when no broker answers."""
        await self._client.client.fetch_all_metadata()

    async def send(self, wires: Sequence[Wire], prefixed: Callable[[str], str]) -> list[Any]:
        """Send all and wait for all. For each its metadata, or the KafkaError that hindered it."""
        futures: list[asyncio.Future[Any]] = []
        for each in wires:
            name = prefixed(each.topic)
            try:
                known = await self._client.partitions_for(name)
                futures.append(
                    await self._client.send(
                        name,
                        value=each.value,
                        key=each.key,
                        # A topic that was made anew may have fewer: then the key decides.
                        partition=each.partition if each.partition in known else None,
                        headers=list(each.headers),
                    )
                )
            except KafkaError as error:
                failed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
                failed.set_exception(error)
                futures.append(failed)
        results = await asyncio.gather(*futures, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, KafkaError):
                raise result
        return results

    async def close(self) -> None:
        """Deliver what is buffered, then disconnect; gives up after some seconds."""
        try:
            async with asyncio.timeout(_END_S):
                await self._client.stop()
        except TimeoutError:
            await self.abandon()

    async def abandon(self) -> None:
        """Fail what is not acknowledged and disconnect.

        `AIOKafkaProducer.stop` alone waits for its buffers, for ever while the broker is away (idempotent batches
        never expire), and would deliver them later, after what another connection has published meanwhile.
        """
        if self._ended:
            return
        self._ended = True
        accumulator = self._client._message_accumulator
        batches = [*accumulator._pending_batches, *(each for queue in accumulator._batches.values() for each in queue)]
        accumulator.fail_all(KafkaConnectionError("The connection was given up"))
        for batch in batches:
            if batch._drain_waiter.done() and not batch._drain_waiter.cancelled():
                batch._drain_waiter.exception()  # mostly nobody waits for it, and asyncio would complain
        sender = self._client._sender.sender_task
        if sender is not None:
            sender.cancel()
        try:
            async with asyncio.timeout(_END_S):
                await self._client.stop()
        except Exception as error:  # whatever its tasks still say, nobody waits for this connection any more
            log.debug("kafka_connection_abandoned", error=repr(error))
