"""The port `Postman` on SMTP: one connection per mail; slow, and without a state that could be wrong."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping

import aiosmtplib
import structlog
from aiosmtplib.errors import SMTPException, SMTPResponseException
from omnifil_servicekit.errors import Transient

from ingest_email.domain.charsets import clean
from ingest_email.domain.outgoing import OutgoingMail
from ingest_email.ports import Refused, Uncertain
from ingest_email.settings import SmtpServer

log = structlog.get_logger(__name__)


class SmtpPostman:
    """Hands mails in. `limit_s` bounds the whole of it."""

    def __init__(self, servers: Mapping[str, SmtpServer], *, limit_s: float) -> None:
        self._servers = servers
        self._limit_s = limit_s

    async def send(self, account: str, mail: OutgoingMail, before_content: Callable[[], Awaitable[None]]) -> None:
        server = self._servers[account]
        where = f"The mail server {server.host}:{server.port}"
        sent = _Progress()
        client = self._client(server)
        try:
            async with asyncio.timeout(self._limit_s):
                await client.connect()
                await self._envelope(client, mail)
                await before_content()
                sent.content = True
                await client.data(mail.content)
        except SMTPResponseException as error:
            # also during DATA: the server has answered, so what became of the mail is known
            said = f"{error.code} {clean(error.message)[:300]}"
            if 500 <= error.code < 600 and not isinstance(error, aiosmtplib.SMTPAuthenticationError):
                raise Refused(f"{where} refused the mail: {said}") from error
            raise Transient(f"{where} did not take the mail: {said}") from error
        except (SMTPException, OSError, TimeoutError) as error:
            told = f"{where} broke off ({type(error).__name__})"
            raise (Uncertain(told) if sent.content else Transient(told)) from error
        finally:
            client.close()

    def _client(self, server: SmtpServer) -> aiosmtplib.SMTP:
        context = ssl.create_default_context(cafile=server.ca_file) if server.tls != "none" else None
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password.get_secret_value() if server.password else None,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=context,
            timeout=self._limit_s,
        )

    async def _envelope(self, client: aiosmtplib.SMTP, mail: OutgoingMail) -> None:
        """Sender and recipients. The first is who is answered: without him there is nothing to send."""
        await client.mail(mail.sender)
        first, *copies = mail.recipients
        await client.rcpt(first)
        for copy in copies:
            try:
                await client.rcpt(copy)
            except aiosmtplib.SMTPRecipientRefused as error:
                if error.code < 500:
                    raise
                log.warning("copy_refused", code=error.code)


class _Progress:
    content = False
