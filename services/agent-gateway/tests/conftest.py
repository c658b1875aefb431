"""A gateway on fakes for its internal services, and tokens of an issuer of the tests' own."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from agent_gateway.bootstrap import wire
from agent_gateway.domain.cursor import Cursor, Offsets
from agent_gateway.domain.log import Bell, LogRecord
from agent_gateway.live import LiveStream, TopicFeed
from agent_gateway.ports import Answer, FileMissing, Refused
from agent_gateway.settings import GatewaySettings
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from jwt.algorithms import ECAlgorithm
from omnifil_contracts.customer import CustomerChanged, LinkIdentity, MergePreview
from omnifil_contracts.delivery import PresenceChanged
from omnifil_contracts.dossier import DossierView
from omnifil_contracts.erasure import EraseCustomer
from omnifil_contracts.identity import Actor
from omnifil_contracts.message import Attachment
from omnifil_contracts.profile import ProfileUpdated
from omnifil_contracts.topics import Topic
from omnifil_servicekit.auth import TokenVerifier
from omnifil_servicekit.health import Health
from omnifil_testkit.waiting import eventually_

ISSUER, AUDIENCE = "https://issuer.example", "omnifil"


class Issuer:
    """Signs tokens, and publishes its key."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def verifier(self) -> TokenVerifier:
        jwk = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True) | {"kid": "k1", "use": "sig", "alg": "ES256"}
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, json={"keys": [jwk]}))
        return TokenVerifier(
            ISSUER, AUDIENCE, f"{ISSUER}/jwks", leeway_s=0, http=httpx.AsyncClient(transport=transport)
        )

    def token(self, sub: str = "amelie", *, expires_in_s: float = 600, **claims: Any) -> str:
        now = time.time()
        body = {"iss": ISSUER, "aud": AUDIENCE, "sub": sub, "name": "Amélie Roux", "roles": ["agent"], "iat": now}
        return jwt.encode(body | {"exp": now + expires_in_s} | claims, self._key, "ES256", headers={"kid": "k1"})


class MemoryTopic:
    """A topic of one partition that tests append to. `first` is the oldest offset that retention has left."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []
        self.first = 0
        self._grown = asyncio.Condition()

    async def append(self, *values: bytes) -> None:
        async with self._grown:
            for value in values:
                self.records.append(LogRecord(0, len(self.records), value))
            self._grown.notify_all()

    async def end_offsets(self) -> dict[int, int]:
        return {0: len(self.records)}

    async def read(
        self, offsets: Offsets, stop: asyncio.Event, *, lag_told: bool = False
    ) -> AsyncGenerator[Sequence[LogRecord], None]:
        from agent_gateway.ports import PositionGone

        at = offsets.get(0, 0)
        if at < self.first:
            raise PositionGone
        while not stop.is_set():
            batch = self.records[at : at + 3]
            if batch:
                at += len(batch)
                yield batch
                continue
            try:
                async with asyncio.timeout(0.05), self._grown:
                    await self._grown.wait()
            except TimeoutError:
                yield []


class FakeCases:
    """case-service as far as the gateway can tell."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.queries: list[tuple[str, dict[str, str]]] = []
        self.commands: list[tuple[str, bytes, Actor]] = []
        self.previews: list[tuple[str, bytes, Actor]] = []
        self.views: dict[str, DossierView] = {}

    async def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Answer:
        self.queries.append((path, dict(query)))
        if path.endswith("/contacts") and path not in self.answers:
            return Answer(200, b'{"contacts":[]}', "application/json")
        return self.answers.get(path, Answer(404, b'{"code":"dossier-not-found"}', "application/problem+json"))

    async def dossier(self, dossier_id: str) -> DossierView:
        if dossier_id not in self.views:
            raise Refused(Answer(404, b'{"code":"dossier-not-found"}', "application/problem+json"))
        return self.views[dossier_id]

    async def dossiers_of(self, customer_id: str) -> tuple[DossierView, ...]:
        return tuple(view for view in self.views.values() if view.customer_id == customer_id)

    async def command(self, dossier_id: str, body: bytes, agent: Actor) -> Answer:
        self.commands.append((dossier_id, body, agent))
        return Answer(200, b'{"dossier_id":"d","seq":3,"to_dossier_id":null}', "application/json")

    async def preview(self, dossier_id: str, body: bytes, agent: Actor) -> Answer:
        self.previews.append((dossier_id, body, agent))
        return Answer(200, b'{"messages":2}', "application/json")


class FakeProfiles:
    def __init__(self) -> None:
        self.customers: dict[str, CustomerChanged] = {}
        self.links: list[tuple[str, str, LinkIdentity]] = []
        self.pushed: list[ProfileUpdated] = []
        self.commands: list[tuple[str, bytes, Actor]] = []

    async def customer(self, customer_id: str) -> CustomerChanged:
        if customer_id not in self.customers:
            raise Refused(Answer(404, b'{"code":"customer-not-found"}', "application/problem+json"))
        return self.customers[customer_id]

    async def link(self, customer_id: str, command_id: str, link: LinkIdentity, agent: Actor) -> CustomerChanged:
        self.links.append((customer_id, command_id, link))
        return await self.customer(customer_id)

    async def push(self, update: ProfileUpdated) -> Answer:
        self.pushed.append(update)
        return Answer(202, b"null", "application/json")

    async def undo_link(self, link_id: str, command_id: str, agent: Actor) -> CustomerChanged:
        return next(iter(self.customers.values()))

    async def merge_preview(self, customer_id: str, other_id: str) -> MergePreview:
        return MergePreview(customer=await self.customer(customer_id), other=await self.customer(other_id))

    async def command(self, path: str, body: bytes, agent: Actor) -> Answer:
        self.commands.append((path, body, agent))
        return Answer(409, b'{"code":"customer-conflict"}', "application/problem+json")


class FakeFiles:
    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    async def put(self, content: AsyncIterator[bytes], filename: str, media_type: str) -> Attachment:
        import hashlib

        whole = b"".join([chunk async for chunk in content])
        sha256 = hashlib.sha256(whole).hexdigest()
        self.contents[sha256] = whole
        return Attachment(sha256=sha256, filename=filename, media_type=media_type, size_bytes=len(whole))

    async def open(self, sha256: str) -> tuple[int, AsyncIterator[bytes]]:
        if sha256 not in self.contents:
            raise FileMissing(sha256)

        async def chunks() -> AsyncIterator[bytes]:
            yield self.contents[sha256]

        return len(self.contents[sha256]), chunks()


class FakePersons:
    """One person, who sent a picture and an original that is gone."""

    def __init__(self) -> None:
        self.holdings_of: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, Actor]] = []
        self.state_of: CustomerChanged | None = None

    async def person(self, customer_id: str) -> dict[str, Any]:
        return {"customer_id": customer_id, "customer_ids": [customer_id, "c0"], "identities": ["email:a@x.example"]}

    async def state(self, customer_id: str) -> CustomerChanged:
        now = datetime(2026, 3, 2, tzinfo=UTC)
        return self.state_of or CustomerChanged(
            customer_id=customer_id, version=1, display_name="Ann", first_seen_at=now, changed_at=now
        )

    async def holdings(self, person: dict[str, Any]) -> list[dict[str, Any]]:
        return self.holdings_of

    async def count(self, person: dict[str, Any]) -> dict[str, int]:
        return {"dossiers": len(self.holdings_of)}

    async def erase(self, customer_id: str, asked: EraseCustomer, agent: Actor) -> Answer:
        self.asked.append((customer_id, asked.command_id, agent))
        return Answer(202, b"{}", "application/json")

    async def erasure(self, erasure_id: str) -> Answer:
        return Answer(404, b'{"code":"erasure-not-found"}', "application/problem+json")


class FakeAgents:
    def __init__(self) -> None:
        self.seen: list[Actor] = []

    async def saw(self, agent: Actor) -> None:
        self.seen.append(agent)

    async def all(self) -> list[Actor]:
        return self.seen


class FakePresences:
    def __init__(self) -> None:
        self.said: list[PresenceChanged] = []

    async def say(self, changes: Sequence[PresenceChanged]) -> None:
        self.said += changes


class Gateway:
    """The wired app with all that is behind it."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.issuer = Issuer()
        self.cases, self.profiles, self.files = FakeCases(), FakeProfiles(), FakeFiles()
        self.persons = FakePersons()
        self.agents, self.presences, self.health = FakeAgents(), FakePresences(), Health()
        self.topics: dict[str, MemoryTopic] = {}
        self.clock_jumps_after: int | None = None
        """From so many looks at the clock on it is an hour later."""
        self.parts = wire(
            settings,
            health=self.health,
            cases=self.cases,
            profiles=self.profiles,
            files=self.files,
            persons_of=self.persons,
            agents=self.agents,
            presences=self.presences,
            verifier=self.issuer.verifier(),
            reader=self._topic,
            clock=self.clock,
        )

    def clock(self) -> datetime:
        if self.clock_jumps_after is None:
            return datetime.now(UTC)
        self.clock_jumps_after -= 1
        return datetime.now(UTC) + timedelta(hours=self.clock_jumps_after < 0)

    def _topic(self, topic: Topic) -> MemoryTopic:
        return self.topics.setdefault(topic.name, MemoryTopic())

    @property
    def app(self) -> FastAPI:
        return self.parts.app

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers)


class Suite:
    """A live stream over three topics in memory."""

    def __init__(self) -> None:
        self.dossiers, self.customers, self.presence = MemoryTopic(), MemoryTopic(), MemoryTopic()
        bell = Bell()
        feeds = [
            TopicFeed(topic, bell, held_records=5, preload_records=3)
            for topic in (self.dossiers, self.customers, self.presence)
        ]
        self.feeds = feeds
        self.is_followed = False
        self.live = LiveStream(dossiers=feeds[0], customers=feeds[1], presence=feeds[2], bell=bell, ping_interval_s=0.1)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        tasks = [asyncio.create_task(feed.run(stop)) for feed in self.feeds]
        await asyncio.gather(*(feed.started.wait() for feed in self.feeds))
        yield
        stop.set()
        await asyncio.gather(*tasks)

    async def feeds_have(self, dossier_events: int) -> None:
        """Returns when so many dossier events have arrived in memory."""
        await eventually_(lambda: self.feeds[0].log.end == {0: dossier_events})

    async def frames(self, cursor: str | None, until: str) -> list[dict[str, Any]]:
        """What is sent up to the first message of this type."""
        got: list[dict[str, Any]] = []
        async with contextlib.aclosing(self.live.follow(Cursor.decode(cursor) if cursor else None)) as frames:
            async with asyncio.timeout(30):
                async for frame in frames:
                    got.append(json.loads(frame.json))
                    self.is_followed = True
                    if got[-1]["type"] == until:
                        break
        return got


@pytest.fixture
def suite() -> Suite:
    return Suite()


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(
        internal_token="internal-secret",
        gateway_issuer=ISSUER,
        gateway_jwks_url=f"{ISSUER}/jwks",
        gateway_authorize_url=f"{ISSUER}/authorize",
        gateway_token_url=f"{ISSUER}/token",
        gateway_ping_interval_s=0.2,
        gateway_preload_events=3,
        gateway_held_events=5,
    )


@pytest.fixture
def gateway(settings: GatewaySettings) -> Gateway:
    return Gateway(settings)
