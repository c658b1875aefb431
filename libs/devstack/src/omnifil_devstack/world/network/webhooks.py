"""Webhooks to the app: signed, in order, tried until they are taken. Source: "Webhooks" of the Messenger Platform."""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
from typing import Any

import httpx
from omnifil_servicekit.outward import Transport

from omnifil_devstack.world.network.memory import Memory, now_ms
from omnifil_devstack.world.network.settings import NetworkSettings

_log = logging.getLogger(__name__)
_ANSWER_WITHIN_S = 10


def signature(app_secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256` for a body as it goes over the wire."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


class Webhooks:
    """The queue to one app."""

    def __init__(self, settings: NetworkSettings, memory: Memory) -> None:
        self._settings = settings
        self._memory = memory
        self._work = asyncio.Event()
        self.repeat = 1
        """How often each webhook is sent although it was taken: networks repeat themselves now and then."""

    def tell(self, *events: dict[str, Any]) -> None:
        """Queue one webhook with these entries of `messaging`."""
        page = self._settings.page_id
        body = {"object": "page", "entry": [{"id": page, "time": now_ms(), "messaging": list(events)}]}
        # Meta escapes what is not ASCII, and signs the escaped form
        self._memory.queue(json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode())
        self._work.set()

    async def run(self) -> None:
        """Subscribe by the handshake, then deliver; ends by cancellation only."""
        if not self._settings.webhook_url:
            return
        async with httpx.AsyncClient(transport=Transport(trust_env=False), timeout=_ANSWER_WITHIN_S) as client:
            await self._until_true(client, self._subscribe)
            while True:
                self._work.clear()
                while waiting := self._memory.next_webhook():
                    webhook_id, body = waiting
                    for _ in range(self.repeat):
                        await self._until_true(client, lambda client, body=body: self._post(client, body))
                    self._memory.taken(webhook_id)
                await self._work.wait()

    async def _until_true(self, client: httpx.AsyncClient, attempt: Any) -> None:
        tries = 0
        while not await attempt(client):
            pauses = self._settings.retry_pauses_s
            await asyncio.sleep(pauses[min(tries, len(pauses) - 1)])
            tries += 1

    async def _subscribe(self, client: httpx.AsyncClient) -> bool:
        challenge = str(secrets.randbelow(10**10))
        asked = {
            "hub.mode": "subscribe",
            "hub.verify_token": self._settings.verify_token,
            "hub.challenge": challenge,
        }
        try:
            answer = await client.get(self._settings.webhook_url, params=asked)
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.text.strip() == challenge

    async def _post(self, client: httpx.AsyncClient, body: bytes) -> bool:
        headers = {
            "content-type": "application/json",
            "user-agent": "facebookexternalua",
            "x-hub-signature-256": signature(self._settings.app_secret, body),
        }
        try:
            answer = await client.post(self._settings.webhook_url, content=body, headers=headers)
        except httpx.TransportError as failed:
            _log.info("webhook not taken: %s", type(failed).__name__)
            return False
        if answer.status_code != 200:
            _log.info("webhook refused with %d", answer.status_code)
        return answer.status_code == 200
