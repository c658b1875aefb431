"""The social network: people write on the played one; for others the play is the network, and signs batches itself."""

import hashlib
import hmac
import json
import time
import uuid
from random import Random
from typing import Any

import httpx
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.customer import Customer

from chaos_play.ledger import Ledger, Mark
from chaos_play.rhythm import Rhythm, try_again_in
from chaos_play.words import words

PLAYER = "player"
WEBHOOK = "webhook"
_GIANT_CHARS = 20_000
_MOST_IN_ONE = 4


class Network:
    """Acknowledged is what the played network has taken (it repeats its webhook), or a webhook that got its 200."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, ledger: Ledger, random: Random) -> None:
        self._stack = stack
        self._http = http
        self._ledger = ledger
        self._random = random

    async def write(self, person: Customer, number_of_writer: int, rhythm: Rhythm) -> None:
        """On the played network."""
        number = 0
        while await rhythm.next():
            mark = Mark(f"{PLAYER}-{number_of_writer}", number)
            number += 1
            await self._on_player(person, mark)

    async def be_the_network(self, person: Customer, number_of_writer: int, rhythm: Rhythm) -> None:
        """Signed webhooks for one person, one after the other, some with several messages, some sent twice."""
        await self._on_player(person, Mark(f"{PLAYER}-w{number_of_writer}", 0))  # so that the network knows of them
        number = 0
        while await rhythm.next():
            marks = [Mark(f"{WEBHOOK}-{number_of_writer}", number)]
            while len(marks) < _MOST_IN_ONE and not self._random.randrange(3) and await rhythm.next():
                marks.append(Mark(f"{WEBHOOK}-{number_of_writer}", number + len(marks)))
            number += len(marks)
            for mark in marks:
                self._ledger.send(mark)
            texts = [self._ledger.text(mark, words(self._random, _GIANT_CHARS)) for mark in marks]
            body = webhook(self._stack, [said(self._stack, person.psid, text) for text in texts])
            await self.until_taken(body)
            for mark in marks:
                self._ledger.acknowledge(mark)
            if not self._random.randrange(20):
                await self.until_taken(body)
                self._ledger.sent_again[WEBHOOK] += 1

    async def until_taken(self, body: bytes) -> int:
        """The same webhook until it gets 200; the number of tries."""
        tries = 1
        while await self.status_of(body, self._stack.messenger.app_secret) != 200:
            await try_again_in(0.5)
            tries += 1
        return tries

    async def status_of(self, body: bytes, secret: str | None) -> int:
        """What a webhook signed with this secret is answered; 0 for no answer."""
        headers = {"content-type": "application/json"}
        if secret is not None:
            headers["x-hub-signature-256"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        try:
            return (
                await self._http.post(self._stack.messenger.webhook_url, content=body, headers=headers, timeout=15)
            ).status_code
        except httpx.TransportError:
            return 0

    async def _on_player(self, person: Customer, mark: Mark) -> None:
        self._ledger.send(mark)
        text = self._ledger.text(mark, words(self._random, _GIANT_CHARS))
        url = f"{self._stack.world}/network/people/{person.psid}/messages"
        try:
            answer = await self._http.post(url, data={"text": text})
        except httpx.TransportError:
            return  # not known whether the network took it: it may be there, but not twice
        answer.raise_for_status()
        self._ledger.acknowledge(mark)


def said(stack: Stack, psid: str, text: str) -> dict[str, Any]:
    """One event of `messaging`."""
    return {
        "sender": {"id": psid},
        "recipient": {"id": stack.messenger.page_id},
        "timestamp": time.time_ns() // 1_000_000,
        "message": {"mid": f"m_{uuid.uuid4().hex}", "text": text},
    }


def webhook(stack: Stack, events: list[dict[str, Any]]) -> bytes:
    """The body of a webhook."""
    entry = {"id": stack.messenger.page_id, "time": time.time_ns() // 1_000_000, "messaging": events}
    return json.dumps({"object": "page", "entry": [entry]}).encode()
