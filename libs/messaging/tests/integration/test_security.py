"""A broker that demands TLS and a password, reached with nothing but `OMNIFIL_KAFKA_*`."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from omnifil_devstack.ports import free_ports
from omnifil_messaging import KafkaEnvironment, KafkaSettings, Producer, TopicTail, ensure_topics
from omnifil_servicekit.errors import Transient
from omnifil_testkit.waiting import Eventually

from .conftest import NAME, Bench, Handled, thing, topic
from .special_broker import special_broker

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="broker" password="of-brokers" user_broker="of-brokers" user_omnifil="of-omnifil";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
log.dirs={folder}/topics
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


def _certificates(folder: Path) -> None:
    """A CA of this test, and a certificate of it for 127.0.0.1."""
    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])

    def signed(name: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> bytes:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(ca_name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        certificate = builder.add_extension(extension, critical=True).sign(ca_key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM)

    ca = signed(ca_name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    host = signed(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")]), key.public_key(), address)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(ca)
    (folder / "broker.pem").write_bytes(private + host + ca)


@pytest_asyncio.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a broker that lets nobody in without a password; user `omnifil`, password `of-omnifil`."""
    port, controller_port = free_ports(2)
    _certificates(tmp_path)
    properties = _PROPERTIES.format(port=port, controller_port=controller_port, folder=tmp_path)
    scram = ("--standalone", "--add-scram", "SCRAM-SHA-512=[name=omnifil,password=of-omnifil]")
    async with special_broker(tmp_path, properties, port, format_options=scram):
        yield f"127.0.0.1:{port}"


def _environment(monkeypatch: pytest.MonkeyPatch, **given: str) -> KafkaEnvironment:
    for name, value in given.items():
        monkeypatch.setenv(f"OMNIFIL_KAFKA_{name}", value)
    return KafkaEnvironment()


async def test_records_go_and_come_over_tls_with_a_password(
    guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    for mechanism in ("PLAIN", "SCRAM-SHA-512"):
        environment = _environment(
            monkeypatch,
            SECURITY_PROTOCOL="SASL_SSL",
            SASL_MECHANISM=mechanism,
            SASL_USERNAME="omnifil",
            SASL_PASSWORD="of-omnifil",
            SSL_CAFILE=str(tmp_path / "ca.pem"),
        )
        settings = KafkaSettings(guarded, f"{mechanism}.", "test", environment)
        await ensure_topics(settings, [topic()])
        handled = Handled()
        async with Producer(settings) as producer:
            bench = Bench(settings, producer)
            async with bench.consuming(handled):
                await bench.publish(thing("a", 1))
                await eventually(lambda handled=handled: handled.of("a") == [1])  # type: ignore[misc]
        assert sum((await TopicTail(settings, NAME).end_offsets()).values()) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"SASL_PASSWORD": "wrong", "SSL_CAFILE": "{folder}/ca.pem"},
        {"SASL_PASSWORD": "of-omnifil"},  # a CA that this machine does not know
    ],
)
async def test_without_the_right_password_or_ca_nobody_gets_in(
    guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    filled = {name: value.format(folder=tmp_path) for name, value in given.items()}
    environment = _environment(
        monkeypatch, SECURITY_PROTOCOL="SASL_SSL", SASL_MECHANISM="PLAIN", SASL_USERNAME="omnifil", **filled
    )
    with pytest.raises(Transient, match="does not answer"):
        await ensure_topics(KafkaSettings(guarded, "t.", "test", environment), [topic()])
