"""What an SMTP server's answers mean, from a server played by a script."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from ingest_email.adapters.smtp_postman import SmtpPostman
from ingest_email.domain.outgoing import OutgoingMail
from ingest_email.ports import Refused, Uncertain
from ingest_email.settings import SmtpServer
from omnifil_servicekit.errors import Transient

MAIL = OutgoingMail(
    "<m@x>", "support@brume.example", ("clara@mail.example", "bob@x.example"), b"Subject: x\r\n\r\n.\r\n"
)


class _Server:
    """Answers each command as told, else 250; `None` hangs up."""

    def __init__(self, answers: dict[str, str | None]) -> None:
        self.answers = answers
        self.commands: list[str] = []
        self.content = b""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            command = line.decode().strip()
            self.commands.append(command)
            verb = next(
                (each for each in self.answers if command.upper().startswith(each.upper())), command[:4].upper()
            )
            answer = self.answers.get(verb, "354 go on" if verb == "DATA" else "250 ok")
            if answer is None:
                break
            writer.write(f"{answer}\r\n".encode())
            if answer.startswith("354"):
                self.content = await reader.readuntil(b"\r\n.\r\n")
                final = self.answers.get("content", "250 taken")
                if final is None:
                    break
                writer.write(f"{final}\r\n".encode())
        writer.close()


@asynccontextmanager
async def sending(**answers: str | None) -> AsyncIterator[tuple[_Server, Callable[[], Awaitable[list[str]]]]]:
    script = _Server({name.replace("_", " "): answer for name, answer in answers.items()})
    listening = await asyncio.start_server(script.talk, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    server = SmtpServer.model_validate({"host": "127.0.0.1", "port": port, "tls": "none"})
    attempts: list[str] = []

    async def before_content() -> None:
        attempts.append("now")
        assert not script.content

    async def send() -> list[str]:
        await SmtpPostman({"support": server}, limit_s=3).send("support", MAIL, before_content)
        return attempts

    async with listening:
        yield script, send


async def test_a_mail_is_handed_in_whole() -> None:
    async with sending() as (server, send):
        assert await send() == ["now"]
    assert server.content == b"Subject: x\r\n\r\n..\r\n.\r\n"
    assert [each for each in server.commands if each.startswith(("MAIL", "RCPT"))][1:] == [
        "RCPT TO:<clara@mail.example>",
        "RCPT TO:<bob@x.example>",
    ]


@pytest.mark.parametrize(
    ("answers", "error", "said"),
    [
        ({"RCPT TO:<clara": "550 5.1.1 no such user"}, Refused, "550 5.1.1 no such user"),
        ({"RCPT TO:<clara": "451 greylisted"}, Transient, "451 greylisted"),
        ({"RCPT TO:<bob": "451 greylisted"}, Transient, "451 greylisted"),
        ({"MAIL": "552 too much"}, Refused, "552"),
        ({"content": "554 spam"}, Refused, "554 spam"),
        ({"content": "451 later"}, Transient, "451 later"),
        ({"content": None}, Uncertain, "broke off"),
        ({"MAIL": None}, Transient, "broke off"),
        ({"RCPT TO:<clara": "421 closing"}, Transient, "421"),
    ],
)
async def test_answers_mean_what_they_say(answers: dict[str, Any], error: type[Exception], said: str) -> None:
    async with sending(**answers) as (_, send):
        with pytest.raises(error, match=said):
            await send()


async def test_a_copy_that_is_refused_does_not_hold_the_mail() -> None:
    async with sending(**{"RCPT TO:<bob": "550 no such user"}) as (server, send):
        await send()
    assert server.content


async def test_a_server_that_is_away_is_transient() -> None:
    async with sending() as (_, send):
        pass
    with pytest.raises(Transient):
        await send()
