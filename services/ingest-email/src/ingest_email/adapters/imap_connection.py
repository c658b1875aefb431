"""One IMAP connection, blocking; used from one thread only (but for `wake` and `cut`, which any thread may call)."""

import contextlib
import imaplib
import select
import socket
import ssl
import time
from collections.abc import Iterator, Sequence

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from ingest_email.ports import MailboxAway, Pending
from ingest_email.settings import ImapServer

_CONNECT_S = 10
_PIECE_BYTES = 512 * 1024
_SEEN = rb"\Seen"
_AWAY = (IMAPClientError, imaplib.IMAP4.error, OSError, EOFError, ssl.SSLError, ValueError)
"""imaplib and imapclient raise ValueError and their own errors for answers that they cannot read."""


class _Client(IMAPClient):  # type: ignore[misc]  # imapclient has no types
    """imapclient, with an IDLE that does not miss what the server says around it."""

    def idle(self) -> None:
        """A server may tell of new mail before it says `+` (RFC 2177); imapclient takes that for a failure."""
        self._idle_tag = self._imap._command("IDLE")
        while self._imap._get_response() is not None:
            pass

    def said(self) -> bool:
        """Whether anything is to be read, in our buffers too: it is taken from there without waiting."""
        sock = self.socket()
        sock.setblocking(False)
        try:
            return bool(self._imap._get_line())
        except imaplib.IMAP4.abort as error:
            if "EOF" in str(error):  # what imaplib says of an empty buffer as well; a dead connection fails at DONE
                return False
            raise
        except (BlockingIOError, ssl.SSLWantReadError, TimeoutError):
            return False
        finally:
            sock.setblocking(True)
            self._set_read_timeout()

    def literal_of(self, uid: int, item: str) -> bytes:
        """One literal, past imapclient's parser: GreenMail answers `BODY[]<0>{5}` where RFC 3501 wants a blank."""
        status, answers = self._imap.uid("FETCH", str(uid), f"({item})")
        if status != "OK":
            raise IMAPClientError(f"FETCH answered {status}")
        return next((bytes(answer[1]) for answer in answers if isinstance(answer, tuple)), b"")

    def told_of_new_mail(self) -> bool:
        """Whether an EXISTS came with the answers to other commands."""
        return bool(self._imap.untagged_responses.pop("EXISTS", None))


class ImapConnection:
    """The folder of an account, selected. Everything raises `MailboxAway` when it fails."""

    def __init__(self, server: ImapServer, *, timeout_s: float, renewal_s: float, poll_interval_s: float) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._renewal_s = renewal_s
        self._poll_interval_s = poll_interval_s
        self._client: _Client | None = None
        self._idling_since: float | None = None
        self._bell, self._ear = socket.socketpair()
        self._ear.setblocking(False)
        self.uidvalidity = 0
        self.last_uid = 0

    def open(self) -> None:
        """Connect, log in, select."""
        with self._translated("could not be opened"):
            client = self._client = self._connected()
            try:
                client.login(self._server.user, self._server.password.get_secret_value())
            except LoginError as error:
                raise MailboxAway(f"{self._where()} refuses the login; look at the user and the password.") from error
            selected = client.select_folder(self._server.folder)
            client.told_of_new_mail()  # SELECT's own count is no news
            self.uidvalidity = int(selected[b"UIDVALIDITY"])
            self._has_idle = client.has_capability("IDLE")
            everything = client.search(["UID", "*"]) if selected.get(b"EXISTS") else []
            self.last_uid = max([0, int(selected.get(b"UIDNEXT", 1)) - 1, *map(int, everything)])

    def _connected(self) -> _Client:
        server = self._server
        timeout = SocketTimeout(connect=_CONNECT_S, read=self._timeout_s)
        context = ssl.create_default_context(cafile=server.ca_file) if server.tls != "none" else None
        if server.tls == "implicit":
            return _Client(server.host, server.port, ssl=True, ssl_context=context, timeout=timeout)
        client = _Client(server.host, server.port, ssl=False, timeout=timeout)
        if server.tls == "starttls":
            client.starttls(context)
        return client

    def search(self, *, after: int | None) -> list[Pending]:
        """Mails above a UID, or the unseen ones; in order, with their sizes."""
        with self._ready("could not be searched") as client:
            criteria = ["UNSEEN"] if after is None else ["UID", f"{after + 1}:*"]
            # n:* names the last mail also when its UID is below n (RFC 3501 §6.4.8)
            uids = sorted(uid for uid in map(int, client.search(criteria)) if uid > (after or 0))
            sizes: dict[int, int] = {}
            for start in range(0, len(uids), 500):
                for uid, told in client.fetch(uids[start : start + 500], ["RFC822.SIZE"]).items():
                    sizes[uid] = int(told.get(b"RFC822.SIZE", 0))
            return [Pending(uid, sizes[uid]) for uid in uids if uid in sizes]

    def fetch(self, uid: int) -> bytes | None:
        """One mail; None when it is gone. PEEK leaves it unseen."""
        with self._ready("did not give a mail") as client:
            content = client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {}).get(b"BODY[]")
            return content if isinstance(content, bytes) else None

    def piece(self, uid: int, offset: int) -> bytes:
        """Half a megabyte of a mail; empty at its end."""
        with self._ready("did not give a mail") as client:
            return client.literal_of(uid, f"BODY.PEEK[]<{offset}.{_PIECE_BYTES}>")

    def mark_seen(self, uids: Sequence[int]) -> None:
        with self._ready("did not mark mails as seen") as client:
            client.add_flags(list(uids), [_SEEN], silent=True)

    def wait(self, limit_s: float) -> None:
        """Until the server tells of something, `wake` is called, or the time is over. IDLE goes on after that."""
        with self._translated("was lost while waiting"):
            client = self._require()
            if not self._has_idle:
                self._poll([self._ear], min(limit_s, self._poll_interval_s))
                client.noop()
                return
            if self._idling_since is not None and time.monotonic() - self._idling_since > self._renewal_s:
                self._leave_idle()
            if self._idling_since is None:
                client.idle()
                self._idling_since = time.monotonic()
                if client.told_of_new_mail() or client.said():
                    self._leave_idle()
                    return
            ready = self._poll([client.socket(), self._ear], limit_s)
            if client.socket().fileno() in ready:
                client.said()
                self._leave_idle()

    def _poll(self, sockets: Sequence[socket.socket], limit_s: float) -> set[int]:
        poller = select.poll()
        for each in sockets:
            poller.register(each.fileno(), select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(limit_s * 1000)}
        if self._ear.fileno() in ready:
            with contextlib.suppress(BlockingIOError):
                self._ear.recv(1024)
        return ready

    def wake(self) -> None:
        """End a `wait`, from any thread."""
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def cut(self) -> None:
        """Break the connection, from any thread: whatever waits on it fails at once."""
        self.wake()
        client = self._client
        if client is not None:
            with contextlib.suppress(OSError, AttributeError):
                client.socket().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Log out as well as that still works."""
        client, self._client = self._client, None
        if client is not None:
            try:
                if self._idling_since is not None:
                    client.idle_done()
                client.logout()
            except _AWAY:
                with contextlib.suppress(*_AWAY):
                    client.shutdown()
        self._bell.close()
        self._ear.close()

    def _leave_idle(self) -> None:
        self._idling_since = None
        self._require().idle_done()

    def _require(self) -> _Client:
        if self._client is None:
            raise MailboxAway(f"{self._where()} is not connected.")
        return self._client

    @contextlib.contextmanager
    def _ready(self, what: str) -> Iterator[_Client]:
        """The client, out of IDLE."""
        with self._translated(what):
            client = self._require()
            if self._idling_since is not None:
                self._leave_idle()
            yield client

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except _AWAY as error:
            raise MailboxAway(f"{self._where()} {what} ({type(error).__name__}: {str(error)[:200]}).") from error

    def _where(self) -> str:
        return f"The IMAP server {self._server.host}:{self._server.port}"
