"""Everything that goes wrong in a day, with names, addresses, texts and secrets that appear nowhere else."""

import asyncio
import hashlib
import hmac
import json
import smtplib
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import jwt
from aiokafka import AIOKafkaProducer
from omnifil_contracts.commands import Reply
from omnifil_contracts.dossier import MessageLinked
from omnifil_devstack.errors import StackError
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import Chat, World
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from log_inspection.personal_values import Personal

SEEN_WITHIN_S = 60
_POISONED = (
    "inbound.email.v1", "inbound.social.v1", "inbound.chat.v1", "inbound.social.raw.v1", "identified.email.v1",
    "outbound.email.v1", "outbound.chat.v1", "outbound.social.v1", "delivery.events.v1", "customer.events.v1",
)  # fmt: skip


@dataclass
class Trouble:
    """Makes trouble in a running suite and remembers what nobody may find in a log, beside what the records hold."""

    stack: Stack
    http: httpx.AsyncClient
    agent: Agent
    world: World
    said: set[Personal] = field(default_factory=set)
    _run: str = field(default_factory=lambda: uuid.uuid4().hex[:10])

    def say(self, what: str, text: str) -> str:
        """A text of this run, which is looked for afterwards."""
        text = text.format(run=self._run)
        self.said.add(Personal(text, what))
        return text

    async def make(self) -> None:
        """All of it; returns when the suite works again."""
        await self.bad_mails()
        await self.poison()
        await self.refused_at_the_gateway()
        await self.refused_in_the_chat()
        await self.bad_webhooks()
        await self.servers_die()

    async def bad_mails(self) -> None:
        """One that cannot be read, and one whose every field lies."""
        sender = self.say("address", "quirin.{run}@absender.test")
        name, subject = self.say("name", "Quirin Sondername{run}"), self.say("subject", "Betreff-Kennung-{run}")
        body = self.say("text", "Der Brief mit der Kennung {run} ist nur für Sie bestimmt")
        head = f"From: {name} <{sender}>\r\nTo: {self.stack.accounts.email}\r\nSubject: {subject}\r\n"
        filler = "".join(f"X-Filler-{number}: {body}\r\n" for number in range(1_200))
        file = self.say("file name", "kontoauszug-{run}.pdf")
        lying = (
            f"{head}Date: {body}\r\nMessage-ID: <{self._run}\r\nMIME-Version: 1.0\r\n"
            f'Content-Type: application/pdf; name="{file}"\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%{body}\r\n'
        )

        def send() -> None:
            with smtplib.SMTP(self.stack.smtp.host, self.stack.smtp.port, timeout=30) as smtp:
                for mail in (f"{head}{filler}\r\n{body}\r\n", lying):
                    smtp.sendmail(sender, [self.stack.accounts.email], mail.encode())

        await asyncio.to_thread(send)

    async def poison(self) -> None:
        """Records that are no JSON, lack what they must have, or hold something else: on every topic that is read."""
        text, phone = self.say("text", "Giftige Zeile der Kennung {run} im Thema"), self.say("handle", "giftig-{run}")
        records = (
            f'{{"text": "{text}"',
            json.dumps({"text": [text], "sender": {"primary": {"identity": {"kind": "X", "value": phone}}}}),
            json.dumps({"message": {"text": text, "received_at": text}, "customer_name": text, "target": phone}),
        )
        async with AIOKafkaProducer(bootstrap_servers=self.stack.kafka, acks="all") as kafka:
            for topic in _POISONED:
                for record in records:
                    await kafka.send_and_wait(topic, record.encode(), key=f"phone:{phone}".encode())

    async def refused_at_the_gateway(self) -> None:
        """Logins, commands, files and paths that are not taken; secrets in each place where one can stand."""
        api = f"{self.stack.agent_gateway.url}/api/v1"
        token = jwt.encode({"sub": self.say("subject of a token", "spion.{run}"), "aud": "omnifil"}, "k" * 32)
        self.said.add(Personal(token, "token"))
        name = self.say("address", "gesucht.{run}@absender.test")
        for headers in ({"authorization": f"Bearer {token}"}, self.agent.headers):
            await self.http.get(f"{api}/customers/{name}", headers=headers)
            await self.http.get(f"{api}/dossiers", params={"q": name, "cursor": name}, headers=headers)
            command = {"type": "add_note", "text": {"not": self.say("note", "Notiz-Inhalt {run}")}}
            await self.http.post(f"{api}/dossiers/{name}/commands", json={"command": command}, headers=headers)
            file = self.say("file name", "ausweis-{run}.png")
            await self.http.post(f"{api}/blobs", files={"wrong": (file, b"x", "image/png")}, headers=headers)
        for hello in (json.dumps({"token": token, "cursor": None}), self.say("frame", "kein-json-{run}")):
            with suppress(ConnectionClosed):
                async with connect(self.stack.agent_gateway.ws) as socket:
                    await socket.send(hello)
                    await socket.recv()
        password = self.say("password", "Passwort-{run}")
        for service in ("case-service", "customer-profile"):
            for path in (f"/dossiers/{name}", f"/customers/{name}"):
                url = f"{self.stack.services[service]}{path}"
                await self.http.get(url, headers={"authorization": f"Bearer {password}"}, params={"token": password})

    async def refused_in_the_chat(self) -> None:
        """A forged identity, a session that is none, what is typed instead of an address, a file without a right."""
        url, origin = self.stack.chat.url, {"origin": self.stack.world}
        claims = {"email": self.say("address", "falsch.{run}@absender.test"), "name": self.say("name", "Falscher{run}")}
        forged = jwt.encode(claims, "wrong" * 8)
        self.said.add(Personal(forged, "token"))
        for body in (
            {"account": self.stack.accounts.chat, "identity_token": forged},
            {"account": self.stack.accounts.chat, "claimed": {"name": 7, "email": claims["name"]}},
            {"account": claims["name"]},
        ):
            await self.http.post(f"{url}/api/sessions", json=body, headers=origin)
        file = self.say("file name", "rezept-{run}.png")
        headers = origin | {"authorization": f"Bearer {forged}"}
        await self.http.post(f"{url}/api/uploads", files={"file": (file, b"no picture", "image/png")}, headers=headers)
        for hello in (json.dumps({"type": "hello", "session": forged}), claims["name"]):
            with suppress(ConnectionClosed):
                async with connect(f"{self.stack.chat.ws}?session={forged}", origin=self.stack.world) as socket:  # type: ignore[arg-type]
                    await socket.send(hello)
                    await socket.recv()

    async def bad_webhooks(self) -> None:
        """Unsigned, wrongly signed, and signed nonsense."""
        text, psid = self.say("text", "Webhook-Inhalt der Kennung {run}"), str(6 * 10**15 + int(self._run, 16) % 10**15)
        self.said.add(Personal(psid, "handle"))
        message = {"mid": f"m_{self._run}", "text": [text], "attachments": [{"type": text, "payload": psid}]}
        entry = {"id": self.stack.messenger.page_id, "messaging": [{"sender": {"id": psid}, "message": message}]}
        url = self.stack.messenger.webhook_url
        for body in (json.dumps({"object": "page", "entry": [entry]}).encode(), f"[{text}".encode()):
            right = hmac.new(self.stack.messenger.app_secret.encode(), body, hashlib.sha256).hexdigest()
            for headers in ({}, {"X-Hub-Signature-256": f"sha256={psid}"}, {"X-Hub-Signature-256": f"sha256={right}"}):
                await self.http.post(url, content=body, headers=headers)
        await self.http.get(url, params={"hub.mode": "subscribe", "hub.verify_token": text, "hub.challenge": psid})

    async def servers_die(self) -> None:
        """The database while everybody writes, and the network while the agent answers on it."""
        resident = await self.world.move_in(self.say("name", "Ottokar Zwischenfall{run}"))
        texts = [f"Mitten im Ausfall {self._run}, {number}. Nachricht" for number in range(6)]
        identity = await self.world.signature(resident)

        async def in_chat() -> None:
            async with Chat.opened(self.stack, self.http, identity=identity) as chat:
                await chat.say(texts[-1])

        async with Chat.opened(self.stack, self.http, identity=identity) as chat:
            self._kill("mongod")
            await self.world.write_mail(resident, texts[0], texts[0])
            for text in texts[1:-1]:
                await self.world.write_on_network(resident, text)
            with suppress(TimeoutError, ConnectionClosed, StackError):
                async with asyncio.timeout(2):
                    await chat.say(texts[-1])
        await self._again(in_chat)
        for text in texts:
            await self.agent.until(lambda text=text: self._dossier_of(text), text, SEEN_WITHIN_S)  # type: ignore[misc]
        on_network = self._dossier_of(texts[1])
        assert on_network is not None
        dossier = await self.agent.dossier(on_network)
        places = [each.conversation for each in dossier.conversations if each.conversation.channel == "social"]
        self._kill("world")
        answer = Reply(
            text=self.say("text", "Antwort in den Ausfall {run} hinein"),
            conversation_ids=(places[0].conversation_id,),
            seen_seq=dossier.seq,
        )
        await self.agent.command(on_network, answer)
        await self._again(lambda: self._has(resident.psid, answer.text))

    def _kill(self, name: str) -> None:
        process = self.stack.processes[name].alive()
        assert process is not None, f"{name} does not run"
        process.kill()

    async def _has(self, psid: str, text: str) -> None:
        shown = await self.http.get(f"{self.stack.world}/network/people/{psid}/messages")
        assert any(text in each["text"] for each in shown.json())

    async def _again(self, act: Callable[[], Awaitable[None]]) -> None:
        async with asyncio.timeout(SEEN_WITHIN_S):
            while True:
                try:
                    await act()
                    return
                except (httpx.HTTPError, AssertionError, ValueError, ConnectionClosed, TimeoutError, StackError):
                    await asyncio.sleep(0.2)

    def _dossier_of(self, text: str) -> str | None:
        for dossier_id, entry in self.agent.entries():
            if isinstance(entry.event, MessageLinked) and text in entry.event.message.text:
                return dossier_id
        return None
