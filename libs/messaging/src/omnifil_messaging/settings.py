"""How to reach Kafka."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class _ServiceSettings(Protocol):
    @property
    def kafka_bootstrap(self) -> str: ...
    @property
    def topic_prefix(self) -> str: ...


class KafkaEnvironment(BaseSettings):
    """What an installation decides about Kafka: `OMNIFIL_KAFKA_*`."""

    model_config = SettingsConfigDict(env_prefix="OMNIFIL_KAFKA_", extra="ignore", frozen=True)

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str = ""
    sasl_password: SecretStr = SecretStr("")
    ssl_cafile: Path | None = None
    """CA certificates (PEM); without it those of the system."""
    ssl_certfile: Path | None = None
    """Client certificate (PEM) for mutual TLS."""
    ssl_keyfile: Path | None = None
    replication: int = 1
    """Replication factor of the topics that are made; three in production."""
    max_record_bytes: int = 1_000_000
    delivery_timeout_s: float = 15.0
    """After so long without an acknowledgement a publish fails as `Transient`."""

    def security(self) -> BaseSecurity | None:
        """The same for FastStream; None for a plain connection."""
        if self.security_protocol == "PLAINTEXT":
            return None
        context = self._tls() if self.security_protocol.endswith("SSL") else None
        if self.security_protocol == "SSL":
            return BaseSecurity(ssl_context=context, use_ssl=True)
        mechanisms = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
        return mechanisms[self.sasl_mechanism](
            username=self.sasl_username,
            password=self.sasl_password.get_secret_value(),
            ssl_context=context,
            use_ssl=context is not None,
        )

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ssl_cafile)
        if self.ssl_certfile is not None:
            context.load_cert_chain(self.ssl_certfile, self.ssl_keyfile)
        return context


@dataclass(frozen=True)
class KafkaSettings:
    """The brokers (`host:port`, several with commas) and how this client uses them.

    The names of topics and groups are prefixed, so that tests do not meet.
    """

    bootstrap: str
    topic_prefix: str = ""
    client_id: str = "omnifil"
    environment: KafkaEnvironment = field(default_factory=KafkaEnvironment)

    @classmethod
    def of(cls, service_settings: _ServiceSettings, client_id: str) -> Self:
        """From a service's settings; security and limits come from `OMNIFIL_KAFKA_*`."""
        return cls(service_settings.kafka_bootstrap, service_settings.topic_prefix, client_id)

    @property
    def servers(self) -> list[str]:
        """The addresses of `bootstrap`, one by one: FastStream takes a string for a single one, commas and all."""
        return [server.strip() for server in self.bootstrap.split(",")]

    def prefixed(self, topic: str) -> str:
        """The name as the broker knows it."""
        return self.topic_prefix + topic

    def unprefixed(self, name: str) -> str:
        """The name as everybody else knows it."""
        return name.removeprefix(self.topic_prefix)

    def connection(self) -> dict[str, Any]:
        """The keyword arguments that every aiokafka client takes."""
        return {
            "bootstrap_servers": self.servers,
            "client_id": self.client_id,
            **parse_security(self.environment.security()),
        }
