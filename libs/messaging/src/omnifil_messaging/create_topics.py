"""`python -m omnifil_messaging.create_topics`: the topics of the contract, made before anything starts.

Reads `OMNIFIL_KAFKA_BOOTSTRAP`, `OMNIFIL_KAFKA_*`, `OMNIFIL_TOPIC_PREFIX` and `OMNIFIL_EXTRA_CHANNELS` (a JSON list of
channels of integrators). Exit code 1 when Kafka is away, with a sentence; what differs from the plan is said and left
alone.
"""

import asyncio
import json
import sys

from omnifil_contracts.topics import BUILT_IN_CHANNELS, REGISTRY
from omnifil_servicekit.errors import Transient
from pydantic_settings import BaseSettings, SettingsConfigDict

from omnifil_messaging.settings import KafkaSettings
from omnifil_messaging.topics import ensure_topics


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="OMNIFIL_", extra="ignore")

    kafka_bootstrap: str = "127.0.0.1:9092"
    topic_prefix: str = ""
    extra_channels: tuple[str, ...] = ()


def main() -> int:
    environment = _Environment()
    kafka = KafkaSettings.of(environment, "create-topics")
    channels = (*BUILT_IN_CHANNELS, *environment.extra_channels)
    try:
        report = asyncio.run(ensure_topics(kafka, REGISTRY, channels=channels))
    except Transient as error:
        print(error, file=sys.stderr)
        return 1
    for drift in report.drift:
        print(drift, file=sys.stderr)
    print(json.dumps({"created": len(report.created), "existing": len(report.existing), "drift": len(report.drift)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
