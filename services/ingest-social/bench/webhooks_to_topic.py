"""What a signed webhook costs until Kafka has its message: the whole app without the socket, real Kafka.

    python services/ingest-social/bench/webhooks_to_topic.py [webhooks] [at once]

`OMNIFIL_KAFKA_BOOTSTRAP` and `OMNIFIL_MONGO_URI` say where they are. Topics and databases are made for the run and
dropped afterwards. The last line is a JSON object: `cpu_ms` of processor time for each webhook, with so many at once;
`p50_ms` and `p99_ms` from request to answer, when they come one after the other.
"""

import asyncio
import hashlib
import hmac
import json
import os
import statistics
import sys
import time
import uuid
from contextlib import suppress
from typing import Any

import structlog
import uvloop
from ingest_social.bootstrap import bootstrap
from ingest_social.domain.page import Page
from ingest_social.domain.reply import Piece
from ingest_social.settings import SocialSettings
from omnifil_contracts.topics import INBOUND
from omnifil_messaging import KafkaSettings, ensure_topics
from omnifil_mongostore import connect
from omnifil_servicekit import logs
from omnifil_servicekit.process import settle_memory
from omnifil_servicekit.web import Observed
from omnifil_testkit.isolation import delete_topics

SECRET = "bench-app-secret"  # noqa: S105
PEOPLE = 500


class Names:
    """The network, as far as it is asked for names: known already."""

    async def name_of(self, page: Page, psid: str) -> str | None:
        return f"Person {psid}"

    async def fetch(self, page: Page, url: str) -> tuple[bytes, str, str]:
        raise NotImplementedError

    async def send(self, page: Page, psid: str, piece: Piece, content: bytes | None, metadata: str) -> str:
        raise NotImplementedError


def webhook(number: int) -> bytes:
    now_ms = int(time.time() * 1000)
    message = {"mid": f"m_{number}", "text": "x" * 200}
    person = str(number % PEOPLE)
    event = {"sender": {"id": person}, "recipient": {"id": "1000"}, "timestamp": now_ms, "message": message}
    return json.dumps({"object": "page", "entry": [{"id": "1000", "time": now_ms, "messaging": [event]}]}).encode()


async def post(app: Any, body: bytes) -> None:
    """One request, as the server hands it to the app."""
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/webhooks/messenger",
        "raw_path": b"/webhooks/messenger",
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"omnifil.example"),
            (b"content-length", str(len(body)).encode()),
            (b"content-type", b"application/json"),
            (b"x-hub-signature-256", signature.encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app(scope, receive, send)
    if statuses != [200]:
        raise RuntimeError(f"The webhook was answered with {statuses}.")


async def main(count: int, at_once: int) -> None:
    prefix = f"b{uuid.uuid4().hex[:8]}"
    page = {"account": "page", "page_id": "1000", "app_secret": SECRET, "verify_token": SECRET, "page_token": SECRET}
    settings = SocialSettings(
        topic_prefix=f"{prefix}.",
        mongo_prefix=prefix,
        http_port=0,
        internal_token="bench-secret",  # noqa: S106
        kafka_bootstrap=os.environ.get("OMNIFIL_KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
        social_pages=(Page.model_validate(page),),
    )
    logs.configure("ingest-social", settings)
    await ensure_topics(KafkaSettings.of(settings, "bench"), [INBOUND])
    parts = bootstrap(settings, frozenset({"receive"}), network=Names())
    parts.app.add_middleware(Observed)
    gate = asyncio.Semaphore(at_once)

    async def gated(body: bytes) -> None:
        async with gate:
            await post(parts.app, body)

    assert parts.resources is not None  # noqa: S101
    async with parts.resources:
        await post(parts.app, webhook(-1))
        settle_memory()
        used = time.process_time()
        await asyncio.gather(*(gated(webhook(number)) for number in range(count)))
        cpu_ms = (time.process_time() - used) * 1000 / count
        took = []
        for number in range(count, count + 200):
            began = time.perf_counter()
            await post(parts.app, webhook(number))
            took.append((time.perf_counter() - began) * 1000)
    mongo = connect(settings.mongo_uri, prefix=prefix)
    await mongo.drop()
    await mongo.close()
    await delete_topics(settings.kafka_bootstrap, f"{prefix}.")
    structlog.reset_defaults()
    took.sort()
    figures = {"cpu_ms": round(cpu_ms, 3), "p50_ms": statistics.median(took), "p99_ms": took[int(len(took) * 0.99)]}
    print(json.dumps({"webhooks": count, "at_once": at_once, **{key: round(each, 3) for key, each in figures.items()}}))


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    with suppress(KeyboardInterrupt):
        uvloop.run(main(int(given.get(0, 2_000)), int(given.get(1, 20))))
