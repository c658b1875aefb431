"""A short connection for administration."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from omnifil_servicekit.errors import Transient

from omnifil_messaging.settings import KafkaSettings


@asynccontextmanager
async def administration(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """aiokafka's admin client, connected. Raises `Transient` when no broker answers."""
    client = AIOKafkaAdminClient(**settings.connection(), request_timeout_ms=10_000)
    try:
        await client.start()
    except KafkaError as error:
        await client.close()
        raise Transient(
            f"Kafka at {settings.bootstrap} does not answer: start it, or set OMNIFIL_KAFKA_BOOTSTRAP "
            f"({type(error).__name__})."
        ) from error
    try:
        yield client
    except KafkaError as error:
        raise Transient(f"Kafka at {settings.bootstrap} could not do it ({error!r}): try again.") from error
    finally:
        await client.close()
