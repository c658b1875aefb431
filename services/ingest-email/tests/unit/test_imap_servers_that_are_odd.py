"""IMAP servers of every kind, played by a script: TLS, IDLE said in one breath with the news, no IDLE at all."""

import contextlib
import datetime
import ipaddress
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from email_scenes.mails import key
from ingest_email.adapters.imap_connection import ImapConnection
from ingest_email.ports import MailboxAway
from ingest_email.settings import ImapServer


class _Script(socketserver.StreamRequestHandler):
    """Enough of IMAP4rev1 for a folder with some mails."""

    server: "_Server"

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.say("* OK ready")
            for line in self.rfile:
                tag, _, rest = line.decode().strip().partition(" ")
                command = re.sub(r"^UID ", "UID-", rest).split(" ")[0].upper()
                self.server.commands.append(command)
                if command == "LOGOUT":
                    return
                self.answer(tag, command)

    def answer(self, tag: str, command: str) -> None:
        server = self.server
        if command == "CAPABILITY":
            self.say(f"* CAPABILITY IMAP4rev1 {'IDLE' if server.idle is not None else ''}")
        elif command == "SELECT":
            self.say(f"* {server.mails} EXISTS", "* OK [UIDVALIDITY 4294967295] x", "* OK [UIDNEXT 1] x")
        elif command == "UID-SEARCH":
            self.say("* SEARCH " + " ".join(str(uid) for uid in range(1, server.mails + 1)))
        elif command == "UID-FETCH":
            self.say(*(f"* {uid} FETCH (UID {uid} RFC822.SIZE 10)" for uid in range(1, server.mails + 1)))
        elif command == "IDLE":
            self.say(*(server.idle or ["+ idling"]))
            if self.rfile.readline().strip() != b"DONE":
                return
        elif command == "NOOP" and server.hangs_up:
            self.request.shutdown(2)
            return
        self.say(f"{tag} OK done")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, idle: list[str] | None = None, mails: int = 0, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Script)
        self.idle = idle
        self.mails = mails
        self.hangs_up = False
        self.commands: list[str] = []
        self._context = context

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        if self._context is not None:
            connection = self._context.wrap_socket(connection, server_side=True)
        return connection, address

    def settings(self, **overrides: Any) -> ImapServer:
        return ImapServer.model_validate(
            {"host": "127.0.0.1", "port": self.server_address[1], "tls": "none", "user": "u", "password": "p"}
            | overrides
        )


@contextlib.contextmanager
def serving(server: _Server) -> Iterator[_Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def connected(settings: ImapServer, **overrides: Any) -> Iterator[ImapConnection]:
    times = {"timeout_s": 5, "renewal_s": 60, "poll_interval_s": 0.05} | overrides
    connection = ImapConnection(settings, **times)
    try:
        connection.open()
        yield connection
    finally:
        connection.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """Of a private authority: the file that makes it known, and a server's context."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.brume.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key(), hashes.SHA256())
    )
    authority, private = tmp_path / "ca.pem", tmp_path / "key.pem"
    authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    return authority, context


def test_a_certificate_of_a_known_authority_is_accepted(certificate: tuple[Path, ssl.SSLContext]) -> None:
    authority, context = certificate
    with serving(_Server(context=context, mails=2)) as server:
        settings = server.settings(tls="implicit", ca_file=authority)
        with connected(settings) as connection:
            assert connection.uidvalidity == 4294967295
            assert [each.uid for each in connection.search(after=1)] == [2]


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: tuple[Path, ssl.SSLContext]) -> None:
    with serving(_Server(context=certificate[1])) as server:
        with pytest.raises(MailboxAway, match="CERTIFICATE_VERIFY_FAILED"), connected(server.settings(tls="implicit")):
            pass
        assert "LOGIN" not in server.commands


def test_a_server_without_starttls_does_not_get_the_password() -> None:
    with serving(_Server()) as server:
        with pytest.raises(MailboxAway), connected(server.settings(tls="starttls")):
            pass
        assert "LOGIN" not in server.commands


@pytest.mark.parametrize("said", [["+ idling", "* 1 EXISTS"], ["* 1 EXISTS", "+ idling"]])
def test_news_told_in_one_breath_with_idle_is_heard(said: list[str]) -> None:
    with serving(_Server(idle=said)) as server, connected(server.settings()) as connection:
        connection.wait(30)  # the test's own time limit says when it is not
        assert server.commands[-1] == "IDLE"


def test_idle_goes_on_between_waits_and_is_renewed() -> None:
    with serving(_Server(idle=["+ idling"])) as server:
        with connected(server.settings()) as connection:
            for _ in range(3):
                connection.wait(0.01)
            assert server.commands.count("IDLE") == 1
            connection.search(after=0)
        with connected(server.settings(), renewal_s=0) as connection:
            server.commands.clear()
            for _ in range(3):
                connection.wait(0.01)
            assert server.commands.count("IDLE") == 3


def test_without_idle_it_is_polled_and_a_dead_connection_is_noticed() -> None:
    with serving(_Server()) as server, connected(server.settings()) as connection:
        connection.wait(30)
        assert server.commands[-1] == "NOOP"
        server.hangs_up = True
        with pytest.raises(MailboxAway):
            connection.wait(30)


def test_a_connection_that_dies_while_idling_is_noticed() -> None:
    with serving(_Server(idle=["+ idling"])) as server, connected(server.settings()) as connection:
        connection.wait(0.01)
        connection.cut()
        with pytest.raises(MailboxAway):
            connection.wait(30)
