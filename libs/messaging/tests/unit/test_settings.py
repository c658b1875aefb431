import ssl
from datetime import timedelta
from types import SimpleNamespace

import pytest
from omnifil_contracts.topics import CUSTOMER_EVENTS, PRESENCE_EVENTS, REGISTRY
from omnifil_messaging.settings import KafkaEnvironment, KafkaSettings
from omnifil_messaging.topics import plans


def settings_from(monkeypatch: pytest.MonkeyPatch, **environment: str) -> KafkaSettings:
    for name, value in environment.items():
        monkeypatch.setenv(f"OMNIFIL_KAFKA_{name}", value)
    service = SimpleNamespace(kafka_bootstrap="broker:9092", topic_prefix="t1.")
    return KafkaSettings.of(service, "case-service")


def test_a_plain_connection_needs_nothing_but_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_from(monkeypatch)
    assert settings.connection() == {"bootstrap_servers": ["broker:9092"], "client_id": "case-service"}
    assert settings.prefixed("things.v1") == "t1.things.v1"
    assert settings.unprefixed("t1.things.v1") == "things.v1"


def test_several_brokers_are_given_with_commas() -> None:
    assert KafkaSettings("one:9092, two:9093").servers == ["one:9092", "two:9093"]


def test_sasl_over_tls_reaches_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_from(
        monkeypatch,
        SECURITY_PROTOCOL="SASL_SSL",
        SASL_MECHANISM="SCRAM-SHA-256",
        SASL_USERNAME="omnifil",
        SASL_PASSWORD="hidden",
    )
    connection = settings.connection()
    assert isinstance(connection.pop("ssl_context"), ssl.SSLContext)
    assert connection == {
        "bootstrap_servers": ["broker:9092"],
        "client_id": "case-service",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "omnifil",
        "sasl_plain_password": "hidden",
    }
    assert "hidden" not in repr(settings)


def test_tls_and_sasl_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tls = settings_from(monkeypatch, SECURITY_PROTOCOL="SSL").connection()
    assert tls["security_protocol"] == "SSL"
    assert tls["ssl_context"].verify_mode == ssl.CERT_REQUIRED
    plain = settings_from(monkeypatch, SECURITY_PROTOCOL="SASL_PLAINTEXT", SASL_MECHANISM="PLAIN").connection()
    assert (plain["security_protocol"], plain["sasl_mechanism"]) == ("SASL_PLAINTEXT", "PLAIN")
    assert plain["ssl_context"] is None


def test_topics_are_planned_from_the_registry() -> None:
    settings = KafkaSettings("x", environment=KafkaEnvironment(replication=3))
    by_name = {plan.name: plan for plan in plans(settings, REGISTRY, ["email", "sms"])}
    assert {"inbound.email.v1", "inbound.sms.v1", "inbound.sms.v1.dead-letter"} < by_name.keys()
    assert by_name["inbound.sms.v1"].config["min.insync.replicas"] == "2"
    assert by_name["inbound.sms.v1"].config["retention.ms"] == str(timedelta(days=7) // timedelta(milliseconds=1))
    assert by_name[CUSTOMER_EVENTS.name].config["cleanup.policy"] == "compact,delete"
    assert by_name[CUSTOMER_EVENTS.name].config["retention.ms"] == "-1"
    assert f"{PRESENCE_EVENTS.name}.dead-letter" not in by_name
    assert int(by_name["inbound.sms.v1.dead-letter"].config["max.message.bytes"]) > int(
        by_name["inbound.sms.v1"].config["max.message.bytes"]
    )
