"""What connected agents cost: events of one topic to many WebSockets, all in one gateway, real Kafka and MongoDB.

    python services/agent-gateway/bench/events_to_agents.py [agents,agents,…] [events/s] [seconds]

`OMNIFIL_KAFKA_BOOTSTRAP` and `OMNIFIL_MONGO_URI` say where they are. The gateway is this process; the issuer, the
agents and who publishes are another. The last line is a JSON object, by number of agents: `cpu_ms` of the gateway for
an event of about one kilobyte, `cpu_us_per_agent` (the same for each agent it goes to), the time from publishing until
one agent has it in milliseconds, `kb_per_agent` resident, and `reconnect_s`, within which all agents were live again
after all had lost their connection at once.
"""

import asyncio
import json
import multiprocessing
import os
import re
import signal
import statistics
import sys
import time
import uuid
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import uvloop
from agent_gateway.bootstrap import bootstrap
from agent_gateway.settings import GatewaySettings
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from omnifil_contracts.topics import CUSTOMER_EVENTS, DOSSIER_EVENTS, PRESENCE_EVENTS
from omnifil_devstack.ports import free_ports
from omnifil_messaging import KafkaSettings, Producer, ensure_topics
from omnifil_messaging.outgoing import Wire
from omnifil_mongostore import connect
from omnifil_servicekit.process import serve
from omnifil_testkit.isolation import delete_topics

ISSUER = "https://issuer.example"
_NUMBER = re.compile(rb'"n":(\d+),')
_SETTLE_S = 1.0


class Issuer:
    """Signs one token, and publishes its key."""

    def __init__(self, port: int) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "k1", "use": "sig", "alg": "ES256"}
        keys = json.dumps({"keys": [jwk]}).encode()

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, format: str, *args: Any) -> None:
                return

        Thread(target=HTTPServer(("127.0.0.1", port), Keys).serve_forever, daemon=True).start()
        claims = {"iss": ISSUER, "aud": "omnifil", "sub": "amelie", "roles": ["agent"], "exp": time.time() + 3600}
        self.token = jwt.encode(claims, key, "ES256", headers={"kid": "k1"})


class Agent(asyncio.Protocol):
    """A client that does next to nothing: looks for the numbers of events in what comes."""

    def __init__(self, hello: bytes) -> None:
        self._hello = hello
        self._transport: Any = None
        self._tail = b""
        self._open = False
        self.live = asyncio.get_running_loop().create_future()
        self.seen: dict[int, float] = {}

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(
            b"GET /api/v1/stream HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        if not self._open:
            self._open = True
            self._transport.write(self._hello)
        now = time.perf_counter()
        for number in _NUMBER.findall(self._tail + data):
            self.seen.setdefault(int(number), now)
        self._tail = data[-20:]
        if not self.live.done() and b'"live"' in data:
            self.live.set_result(None)

    def cut(self) -> None:
        self._transport.abort()


def outside(pipe: Connection, kafka: KafkaSettings, port: int, issuer_port: int) -> None:
    """The other process: does what it is asked and answers with figures."""
    uvloop.run(_Outside(pipe, kafka, port, Issuer(issuer_port).token).run())


class _Outside:
    def __init__(self, pipe: Connection, kafka: KafkaSettings, port: int, token: str) -> None:
        self._pipe = pipe
        self._kafka = kafka
        self._port = port
        text = json.dumps({"type": "hello", "token": token, "cursor": None}).encode()
        # RFC 6455 §5.2: a masked text frame; zeros are a mask, too.
        self._hello = bytes((0x81, 0x80 | 126)) + len(text).to_bytes(2) + bytes(4) + text
        self._agents: list[Agent] = []
        self._published = 0

    async def run(self) -> None:
        async with Producer(self._kafka) as producer:
            while asked := await asyncio.to_thread(self._pipe.recv):
                name, *given = asked
                answer = await (self._publish(producer, *given) if name == "publish" else self._connect(*given))
                self._pipe.send(answer)

    async def _connect(self, count: int) -> dict[str, float]:
        """So many agents from now on, all new; seconds until every one was live."""
        for agent in self._agents:
            agent.cut()
        began = time.perf_counter()
        loop = asyncio.get_running_loop()
        opening = (loop.create_connection(lambda: Agent(self._hello), "127.0.0.1", self._port) for _ in range(count))
        self._agents = [agent for _, agent in await asyncio.gather(*opening)]
        await asyncio.gather(*(agent.live for agent in self._agents))
        return {"seconds": time.perf_counter() - began}

    async def _publish(self, producer: Producer, per_s: int, seconds: int) -> dict[str, float]:
        """Events at an even pace, until every agent has the last one."""
        began, at = time.perf_counter(), dict[int, float]()
        publishing = []
        for number in range(self._published, self._published + per_s * seconds):
            await asyncio.sleep(max(0, began + len(at) / per_s - time.perf_counter()))
            value = json.dumps({"n": number, "text": "x" * 1000}, separators=(",", ":")).encode()
            at[number] = time.perf_counter()
            wire = Wire(DOSSIER_EVENTS.name, str(number % 50).encode(), value)
            publishing.append(asyncio.create_task(producer.publish_raw([wire])))
        await asyncio.gather(*publishing)
        self._published += len(at)
        while not all(at.keys() <= agent.seen.keys() for agent in self._agents):  # noqa: ASYNC110 they count
            await asyncio.sleep(0.05)
        took = sorted((self._agents[0].seen[number] - sent) * 1000 for number, sent in at.items())
        return {"events": len(at), "p50_ms": statistics.median(took), "p99_ms": took[int(len(took) * 0.99) - 1]}


async def measured(pipe: Connection, levels: list[int], per_s: int, seconds: int) -> dict[str, dict[str, float]]:
    async def ask(*what: object) -> dict[str, float]:
        pipe.send(what)
        return dict(await asyncio.to_thread(pipe.recv))

    found: dict[str, dict[str, float]] = {}
    await ask("connect", 1)
    await ask("publish", 20, 1)
    empty_kb = resident_kb()
    for level in levels:
        await ask("connect", level)
        again = await ask("connect", level)
        await asyncio.sleep(_SETTLE_S)
        kb, used = resident_kb() - empty_kb, time.process_time()
        figures = await ask("publish", per_s, seconds)
        cpu_ms = (time.process_time() - used) * 1000 / figures["events"]
        found[str(level)] = {
            "cpu_ms": round(cpu_ms, 3),
            "cpu_us_per_agent": round(cpu_ms * 1000 / level, 1),
            "p50_ms": round(figures["p50_ms"], 1),
            "p99_ms": round(figures["p99_ms"], 1),
            "kb_per_agent": round(kb / level, 1),
            "reconnect_s": round(again["seconds"], 2),
        }
    return found


def resident_kb() -> int:
    """Source: proc(5), `VmRSS`."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


async def main(levels: list[int], per_s: int, seconds: int) -> None:
    prefix = f"b{uuid.uuid4().hex[:8]}"
    port, issuer_port = free_ports(2)
    settings = GatewaySettings(
        topic_prefix=f"{prefix}.",
        mongo_prefix=prefix,
        http_port=port,
        internal_token="bench-secret",  # noqa: S106
        kafka_bootstrap=os.environ.get("OMNIFIL_KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
        gateway_issuer=ISSUER,
        gateway_jwks_url=f"http://127.0.0.1:{issuer_port}/jwks",
        gateway_authorize_url=ISSUER,
        gateway_token_url=ISSUER,
    )
    kafka = KafkaSettings.of(settings, "bench")
    await ensure_topics(kafka, [DOSSIER_EVENTS, CUSTOMER_EVENTS, PRESENCE_EVENTS])
    pipe, theirs = multiprocessing.Pipe()
    spawn = multiprocessing.get_context("spawn")
    other = spawn.Process(target=outside, args=(theirs, kafka, port, issuer_port), daemon=True)
    other.start()
    parts = bootstrap(settings)
    running = asyncio.create_task(serve("agent-gateway", settings, parts))
    while not parts.health.started and not running.done():  # noqa: ASYNC110 it tells nobody else
        await asyncio.sleep(0.1)
    try:
        found = await measured(pipe, levels, per_s, seconds)
    finally:
        pipe.send(None)
        os.kill(os.getpid(), signal.SIGTERM)
        await running
        mongo = connect(settings.mongo_uri, prefix=prefix)
        await mongo.drop()
        await mongo.close()
        await delete_topics(settings.kafka_bootstrap, f"{prefix}.")
        other.join(5)
        other.kill()
    print(json.dumps({"events_per_s": per_s, "agents": found}))


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    agents = [int(each) for each in given.get(0, "10,100,1000").split(",")]
    with suppress(KeyboardInterrupt):
        uvloop.run(main(agents, int(given.get(1, 20)), int(given.get(2, 4))))
