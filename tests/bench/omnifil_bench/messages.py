"""The messages that everything is measured with: made up, and the same again for the same seed."""

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from omnifil_contracts import ids
from omnifil_contracts.identity import Assurance, AssuredIdentity, Evidence, Identity
from omnifil_contracts.message import InboundMessage, Sender
from omnifil_contracts.topics import INBOUND
from omnifil_messaging.outgoing import Outgoing, Wire, wire

ENTRIES_OF_A_NEW_DOSSIER = 3
"""`dossier_opened`, `conversation_linked`, `message_linked`; a message of a known conversation is one entry."""

_SENTENCES = (
    "order parcel delivery coat lamp teapot boots invoice refund exchange courier address tracking number yesterday "
    "monday still waiting nobody answered please could you tell me when it will arrive because the page says it left "
    "the warehouse last week and my neighbour has not seen anything either thank you very much best regards the box "
    "was open one piece is missing wrong size colour different from the picture warranty receipt attached payment"
)
_WORDS = tuple(_SENTENCES.split())
_SYLLABLES = ("ba", "de", "fi", "ko", "lu", "ma", "ne", "ri", "so", "ta", "ve", "zu")
_KINDS = {"email": "email", "chat": "shop-account", "social": "messenger"}
_ACCOUNTS = {"email": "support@shop.test", "chat": "shop-widget", "social": "shop-page"}
_ANCESTORS = 5


@dataclass(frozen=True)
class Mix:
    """How many messages, how many of them (on average) in one conversation, on which channels."""

    messages: int
    per_conversation: int = 5
    channels: tuple[str, ...] = ("email",)


@dataclass(frozen=True)
class Batch:
    """Messages in the order in which they are published, and how many of their conversations are new."""

    messages: tuple[InboundMessage, ...]
    begun: int

    @property
    def entries(self) -> int:
        """How many entries the dossiers get by them: everybody has one conversation, and each new one a dossier."""
        return len(self.messages) + (ENTRIES_OF_A_NEW_DOSSIER - 1) * self.begun

    def wires(self) -> list[Wire]:
        """As an ingest service publishes them."""
        return [_wire(message) for message in self.messages]


class Writers:
    """Customers who write. Everything they write follows from the seed, but for the time of it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def batch(self, mix: Mix) -> Batch:
        """So many messages in new conversations."""
        return self.written(
            self.conversations(max(1, mix.messages // mix.per_conversation), mix.channels), mix.messages
        )

    def conversations(self, count: int, channels: Sequence[str] = ("email",)) -> "list[Conversation]":
        """Threads in which nothing has been said yet, each of somebody else."""
        names = [uuid.UUID(int=self._random.getrandbits(128)).hex for _ in range(count)]
        return [Conversation(channels[n % len(channels)], name, self.name()) for n, name in enumerate(names)]

    def written(self, conversations: "Sequence[Conversation]", messages: int) -> Batch:
        """So many messages in these, in random order; inside a conversation one follows the other.

        Something is said in each, so that the number of dossiers does not depend on chance.
        """
        begun = sum(not each.messages for each in conversations)
        order = [*conversations, *self._random.choices(conversations, k=messages - len(conversations))]
        self._random.shuffle(order)
        now = datetime.now(UTC)
        return Batch(
            tuple(each.next(self._random, now + timedelta(milliseconds=n)) for n, each in enumerate(order)), begun
        )

    def next_of(self, conversation: "Conversation", at: datetime) -> InboundMessage:
        """What is written next in this one."""
        return conversation.next(self._random, at)

    def name(self) -> str:
        """Of a person who does not exist. Long enough that hardly two bear the same."""
        return " ".join("".join(self._random.choices(_SYLLABLES, k=length)).capitalize() for length in (3, 5))


def text(chance: random.Random) -> str:
    """Some sentences: half of them below 400 characters, a few of some thousand."""
    words = min(600, int(chance.lognormvariate(4.2, 0.7)) + 5)
    return " ".join(chance.choices(_WORDS, k=words))


class Conversation:
    """One person's thread on one channel. Of several on one channel `thread` is the number; `said` of it are there."""

    def __init__(self, channel: str, name: str, person: str, *, thread: int = 0, said: int = 0) -> None:
        self._channel = channel
        self._name = f"{name}.t{thread:04d}" if thread else name
        self._said = [self._provider_id(number) for number in range(said)]
        handle = f"{name}@customer.test" if channel == "email" else name
        evidence = Evidence(code="dmarc-pass" if channel == "email" else "platform-account")
        assurance = Assurance.VERIFIED if channel == "email" else Assurance.CHANNEL
        identity = Identity(kind=_KINDS.get(channel, "phone"), value=handle)
        primary = AssuredIdentity(identity=identity, assurance=assurance, evidence=(evidence,))
        self._sender = Sender(primary=primary, display_name=person)
        self._key = self._provider_id(0) if channel == "email" else self._name

    @property
    def conversation_id(self) -> str:
        return ids.conversation_id(self._channel, _ACCOUNTS.get(self._channel, "gateway"), self._key)

    @property
    def messages(self) -> int:
        """How many were written in it."""
        return len(self._said)

    def next(self, chance: random.Random, at: datetime) -> InboundMessage:
        """What the person writes next."""
        number, is_mail = len(self._said), self._channel == "email"
        provider_id = self._provider_id(number)
        said = text(chance)
        message = InboundMessage.make(
            channel=self._channel,
            account=_ACCOUNTS.get(self._channel, "gateway"),
            conversation_key=self._key,
            provider_message_id=provider_id,
            ancestors=tuple(reversed(self._said[-_ANCESTORS:])) if is_mail else (),
            sender=self._sender,
            subject=f"{'Re: ' if number else ''}{said[:60]}" if is_mail else None,
            text=said,
            # Every third mail has been written in a program that sends HTML.
            html=f"<p>{said.replace(' the ', ' <b>the</b> ')}</p>" if is_mail and chance.random() < 1 / 3 else None,
            language="en",
            sent_at=at,
            received_at=at,
        )
        self._said.append(provider_id)
        return message

    def _provider_id(self, number: int) -> str:
        return f"<{self._name}.{number}@customer.test>" if self._channel == "email" else f"{self._name}.{number}"


def _wire(message: InboundMessage) -> Wire:
    return wire(
        Outgoing(
            topic=INBOUND.of(message.channel),
            key=message.sender.primary.identity.key,
            record=message,
            event_id=ids.event_id("received", message.message_id),
            source="/omnifil/bench",
            subject=message.message_id,
            time=message.received_at,
            context=(),
        )
    )


def slices(wires: Sequence[Wire], size: int = 2000) -> Iterator[Sequence[Wire]]:
    """In the same order, so many at a time."""
    for start in range(0, len(wires), size):
        yield wires[start : start + size]
