"""The story from end to end without a browser, and the proof that it went as it should."""

import asyncio
import io
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from omnifil_contracts.commands import Reply, ResolveSuggestion
from omnifil_contracts.dossier import DeliveryState, DeliveryUpdated, DossierView, MessageLinked, ReplyRequested
from PIL import Image, ImageDraw

from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import Chat, Customer, World
from omnifil_devstack.story.sources import Sources

_SEEN_WITHIN_S = 30
_CUT_S = 2.0
_SYLLABLES = ("ba", "de", "fi", "ko", "lu", "ma", "ne", "ri", "so", "ta", "ve", "zu")


@dataclass
class Proof:
    """What was sent and what came of it. `problems` has a sentence for each thing that is off."""

    sent: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    dossiers: int = 0
    replies_delivered: Counter[str] = field(default_factory=Counter)
    gaps: int = 0
    duplicates: int = 0
    lost: int = 0
    seconds: float = 0
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The one line that a machine reads."""
        return {**vars(self), "ok": not self.problems, "seconds": round(self.seconds, 2)}

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note a problem unless it holds."""
        if not holds:
            self.problems.append(otherwise)


class Story:
    """One customer and one stranger who merely types her address, both unheard of before."""

    def __init__(self, stack: Stack, http: httpx.AsyncClient, agent: Agent, pause_s: float) -> None:
        self._stack = stack
        self._http = http
        self._world = World(stack, http)
        self._sources = Sources(stack, http)
        self._agent = agent
        self._pause_s = pause_s
        self._run = secrets.token_hex(3)
        self._texts: dict[str, str] = {}
        self.proof = Proof()

    async def play(self) -> Proof:
        """All of it; raises `StackError` when it cannot go on."""
        started = time.monotonic()
        claire = await self._world.move_in(f"Claire {_surname()}")
        message_id = await self._writes_mail(claire)
        dossier_id = await self._sees("email")
        await self._sources.ordered(claire)
        await self._sources.visited(claire)
        await asyncio.sleep(self._pause_s)
        identity = await self._world.signature(claire)
        async with Chat.opened(self._stack, self._http, identity=identity) as chat:
            await self._tells("chat", "I am on your page now. Where is my coat?", chat.say)
            self.proof.expect(await self._sees("chat") == dossier_id, "The chat opened a dossier of its own.")
            await self._writes_on_network(claire, "Hello? I wrote you an e-mail and in your chat!")
            await self._confirms(await self._sees("social"))
            async with self._agent.cut_off():
                await self._stranger_claims(claire)
                await self._tells("chat", "Is anybody there?", chat.say)
                await asyncio.sleep(_CUT_S)
            await self._sees("chat")
            await self._sees("stranger")
            dossier = await self._has_three_conversations(dossier_id)
            await self._answers(dossier, chat, claire, message_id)
        await self._check(dossier_id)
        await self._card_shows_what_shop_and_till_know(dossier_id)
        self.proof.seconds = time.monotonic() - started
        return self.proof

    async def _tells(self, channel: str, text: str, send: Callable[[str], Awaitable[Any]], *, kind: str = "") -> Any:
        text = f"{text} ({self._run}-{len(self._texts)})"
        self._texts[text] = kind or channel
        self.proof.sent[channel] += 1
        return await send(text)

    async def _writes_mail(self, customer: Customer) -> str:
        async def send(text: str) -> str:
            return await self._world.write_mail(customer, f"Order 4711 has not arrived ({self._run})", text)

        return str(await self._tells("email", "My order 4711 should have been here on Monday.", send))

    async def _writes_on_network(self, customer: Customer, text: str) -> None:
        await self._tells("social", text, lambda text: self._world.write_on_network(customer, text))

    async def _stranger_claims(self, claire: Customer) -> None:
        claimed = {"name": f"Otto {_surname()}", "email": claire.email}
        async with Chat.opened(self._stack, self._http, claimed=claimed) as chat:
            await self._tells("chat", "Send the coat to my new address, please.", chat.say, kind="stranger")

    async def _sees(self, kind: str) -> str:
        """Wait for the newest message of this kind in the agent's stream; the dossier it is in."""
        text = [text for text, of in self._texts.items() if of == kind][-1]
        return await self._agent.until(lambda: self._dossier_with(text), f"“{text}”", _SEEN_WITHIN_S)

    def _dossier_with(self, text: str) -> str | None:
        return next(iter(self._dossiers_with(text)), None)

    def _dossiers_with(self, text: str) -> list[str]:
        """Where the message was ever linked: more than one after it has moved."""
        return [
            dossier_id
            for dossier_id, entry in self._agent.entries()
            if isinstance(entry.event, MessageLinked) and text in entry.event.message.text
        ]

    async def _confirms(self, own_dossier_id: str) -> None:
        """One click: the suggestion that she is the one who wrote the e-mail."""
        dossier = await self._agent.dossier(own_dossier_id)
        offered = [each for each in dossier.suggestions if each.kind == "same-customer"]
        self.proof.expect(len(offered) == 1, f"The agent was offered {len(offered)} customers for Messenger, not one.")
        for suggestion in offered[:1]:
            accept = ResolveSuggestion(suggestion_id=suggestion.suggestion_id, accept=True)
            await self._agent.command(own_dossier_id, accept)

    async def _has_three_conversations(self, dossier_id: str) -> DossierView:
        deadline = time.monotonic() + _SEEN_WITHIN_S
        while True:
            dossier = await self._agent.dossier(dossier_id)
            channels = sorted(each.conversation.channel for each in dossier.conversations)
            if channels == ["chat", "email", "social"] or time.monotonic() > deadline:
                self.proof.expect(channels == ["chat", "email", "social"], f"Her dossier has only {channels}.")
                return dossier
            await asyncio.sleep(0.1)

    async def _answers(self, dossier: DossierView, chat: Chat, claire: Customer, message_id: str) -> None:
        """On chat and by e-mail with one text, to Messenger with a picture; then looks at the customer's end."""
        by_channel = {each.conversation.channel: each.conversation.conversation_id for each in dossier.conversations}
        both = f"It leaves today, dear {claire.name}. ({self._run})"
        targets = tuple(by_channel[channel] for channel in ("chat", "email") if channel in by_channel)
        answered = await self._agent.command(
            dossier.dossier_id, Reply(text=both, conversation_ids=targets, seen_seq=dossier.seq)
        )
        label = await self._agent.upload("label.png", "image/png", _picture())
        with_picture = f"Here is the label. ({self._run})"
        if "social" in by_channel:
            await self._agent.command(
                dossier.dossier_id,
                Reply(
                    text=with_picture,
                    attachments=(label,),
                    conversation_ids=(by_channel["social"],),
                    seen_seq=answered.seq,
                ),
            )

        async def in_mailbox() -> bool:
            mails = await self._world.mails(claire)
            return any(mail["in_reply_to"] == message_id and both in mail["text"] for mail in mails)

        async def on_network() -> bool:
            said = [each for each in await self._world.seen_on_network(claire) if each["author"] == "app"]
            return any(with_picture in each["text"] for each in said) and any(each["pictures"] for each in said)

        async def in_chat() -> bool:
            return any(both in entry["text"] for entry in chat.replies())

        ends = {"chat": in_chat, "email": in_mailbox, "social": on_network}
        arrived = await asyncio.gather(*(_eventually(there) for there in ends.values()))
        for channel, there in zip(ends, arrived, strict=True):
            self.proof.replies_delivered[channel] += there
            self.proof.expect(there, f"The reply did not arrive by {channel}.")
        await self._agent.until(lambda: self._all_sent(dossier.dossier_id), "that all replies went out", _SEEN_WITHIN_S)

    def _all_sent(self, dossier_id: str) -> bool | None:
        timeline = [entry.event for _, entry in sorted(self._agent.timelines[dossier_id].items())]
        wanted = {
            target.outbound_id for event in timeline if isinstance(event, ReplyRequested) for target in event.targets
        }
        updates = [event for event in timeline if isinstance(event, DeliveryUpdated)]
        failed = [event.reason for event in updates if event.state is DeliveryState.FAILED]
        self.proof.problems += [f"A reply failed: {reason}" for reason in failed if not self.proof.problems]
        return True if failed or wanted <= {event.outbound_id for event in updates} else None

    async def _check(self, hers: str) -> None:
        """What the agent has against what was sent, and against a fresh look."""
        mine = {hers, *(dossier_id for text in self._texts for dossier_id in self._dossiers_with(text))}
        links = Counter[str]()
        for dossier_id, entry in self._agent.entries():
            if dossier_id in mine and isinstance(entry.event, MessageLinked) and entry.event.moved_from is None:
                links[entry.event.message.message_id] += 1
                self.proof.seen[entry.event.message.channel] += 1
        self.proof.duplicates = sum(count - 1 for count in links.values()) + self._agent.conflicts
        self.proof.lost = sum(self._dossier_with(text) is None for text in self._texts)
        for dossier_id in mine:
            seen = sorted(self._agent.timelines[dossier_id])
            fresh = [entry.seq for entry in await self._agent.whole_timeline(dossier_id)]
            self.proof.gaps += len(set(range(1, max(fresh) + 1)) - set(seen)) + len(set(fresh) ^ set(seen))
        views = {dossier_id: await self._agent.dossier(dossier_id) for dossier_id in mine}
        live = {
            dossier_id: view for dossier_id, view in views.items() if view.merged_into is None and view.conversations
        }
        self.proof.dossiers = len(live)
        stranger = next(text for text, kind in self._texts.items() if kind == "stranger")
        strangers = self._dossier_with(stranger)
        self.proof.expect(strangers not in (None, hers), "The stranger got into her dossier.")
        suggestions = live[strangers].suggestions if strangers in live else ()
        pointing = [
            each for each in suggestions if hers in (each.dossier_id,) or each.customer_id == views[hers].customer_id
        ]
        self.proof.expect(bool(pointing), "The agent got no suggestion about the stranger.")
        self.proof.expect(self.proof.dossiers == 2, f"There are {self.proof.dossiers} dossiers, not two.")
        self.proof.expect(self.proof.sent == self.proof.seen, "Not every message was seen exactly once.")
        for what in ("gaps", "duplicates", "lost"):
            self.proof.expect(getattr(self.proof, what) == 0, f"{what}: {getattr(self.proof, what)}.")

    async def _card_shows_what_shop_and_till_know(self, dossier_id: str) -> None:
        customer_id = (await self._agent.dossier(dossier_id)).customer_id
        profile = (await self._agent.card(customer_id)).customer.profile
        kinds = sorted(record.kind for record in profile.records) if profile else []
        self.proof.expect(kinds == ["order", "store-visit"], f"Her card shows {kinds}, not an order and a visit.")
        contacts = (await self._agent.journey(customer_id)).contacts
        channels = {contact.channel for contact in contacts if contact.channel}
        self.proof.expect(channels == {"email", "chat", "social"}, f"Her journey goes over {sorted(channels)} only.")
        self.proof.expect(
            sum(contact.kind == "record" for contact in contacts) == 2, "Her journey lacks the order or the visit."
        )


async def play_once(stack: Stack, pause_s: float) -> Proof:
    """Play it against a running stack."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http, Agent.signed_in(stack, http) as agent:
        return await Story(stack, http, agent, pause_s).play()


async def _eventually(condition: Callable[[], Awaitable[bool]], timeout_s: float = _SEEN_WITHIN_S) -> bool:
    deadline = time.monotonic() + timeout_s
    while not await condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True


def _surname() -> str:
    return "".join(secrets.choice(_SYLLABLES) for _ in range(5)).capitalize()


def _picture() -> bytes:
    image = Image.new("RGB", (320, 120), "#2c5bd4")
    ImageDraw.Draw(image).text((24, 48), "MAISON FIL  return label 4711", fill="white")
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
