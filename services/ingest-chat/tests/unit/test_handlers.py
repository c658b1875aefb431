"""What happens to what a visitor wrote and an agent answered, whatever breaks in between."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from ingest_chat.domain.account import ChatAccount
from ingest_chat.domain.message import Written
from ingest_chat.domain.visitor import Visitor
from ingest_chat.handlers import ChatHandlers, undeliverable
from ingest_chat.ports import Transcript
from omnifil_contracts.delivery import DeliveryReported, PresenceChanged, SendMessage
from omnifil_contracts.dossier import ReplyTarget
from omnifil_contracts.identity import Actor, Identity
from omnifil_contracts.message import Conversation, InboundMessage
from omnifil_servicekit.errors import Transient

ACCOUNT = ChatAccount(account="shop", title="Shop", allowed_origins=())
VISITOR = Visitor("shop", "v-1")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class MemoryRecords:
    """Kafka that can be away, or die after it has taken something."""

    def __init__(self) -> None:
        self.messages: list[InboundMessage] = []
        self.reports: list[DeliveryReported] = []
        self.is_away = False
        self.dies_after = False

    async def publish(self, messages: Sequence[InboundMessage], reports: Sequence[DeliveryReported]) -> None:
        if self.is_away:
            raise Transient("away")
        self.messages += messages
        self.reports += reports
        if self.dies_after:
            raise Transient("did not acknowledge")

    async def publish_presence(self, presence: PresenceChanged) -> None: ...


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords()


@pytest.fixture
def chat(memory_transcript: Transcript, records: MemoryRecords) -> ChatHandlers:
    return ChatHandlers.over(memory_transcript, records, lambda: datetime.now(UTC))


def wrote(text: str) -> Written:
    return Written(f"message-{text}", text, ())


def a_reply(text: str = "Hello", channel: str = "chat", outbound_id: str = "out-1") -> SendMessage:
    conversation = Conversation(
        conversation_id=VISITOR.conversation_id, channel=channel, account="shop", key=VISITOR.visitor_id
    )
    target = ReplyTarget(
        outbound_id="out-1", conversation=conversation, recipient=Identity(kind="visitor", value="v-1"), reference="r"
    )
    return SendMessage(
        outbound_id=outbound_id, reply_id="r-1", dossier_id="d-1", target=target, text=text,
        agent=Actor(kind="agent", id="amelie", name="Amélie"), requested_at=NOON,
    )  # fmt: skip


async def test_what_is_accepted_is_in_kafka(chat: ChatHandlers, records: MemoryRecords) -> None:
    entry = await chat.accept_message(wrote("a"), VISITOR, ACCOUNT, "fr")
    assert entry.state == "accepted"
    assert [message.text for message in records.messages] == ["a"]
    assert records.messages[0].message_id == entry.message_id


async def test_what_kafka_did_not_take_is_not_accepted_and_goes_first_next_time(
    chat: ChatHandlers, records: MemoryRecords
) -> None:
    records.is_away = True
    with pytest.raises(Transient):
        await chat.accept_message(wrote("a"), VISITOR, ACCOUNT, None)
    records.is_away = False
    await chat.accept_message(wrote("b"), VISITOR, ACCOUNT, None)
    assert [message.text for message in records.messages] == ["a", "b"]


async def test_a_death_after_kafka_took_it_publishes_the_same_id_again(
    chat: ChatHandlers, records: MemoryRecords
) -> None:
    records.dies_after = True
    with pytest.raises(Transient):
        await chat.accept_message(wrote("a"), VISITOR, ACCOUNT, None)
    records.dies_after = False
    await chat.accept_message(wrote("a"), VISITOR, ACCOUNT, None)
    assert len({message.message_id for message in records.messages}) == 1
    assert records.messages[0] == records.messages[1]


async def test_the_same_message_again_is_not_published_again(chat: ChatHandlers, records: MemoryRecords) -> None:
    first = await chat.accept_message(wrote("a"), VISITOR, ACCOUNT, None)
    again = await chat.accept_message(wrote("a"), VISITOR, ACCOUNT, None)
    assert (first.seq, len(records.messages)) == (again.seq, 1)


async def test_the_sweep_pays_what_was_left_behind(chat: ChatHandlers, records: MemoryRecords) -> None:
    records.is_away = True
    with pytest.raises(Transient):
        await chat.accept_message(wrote("a"), VISITOR, ACCOUNT, None)
    records.is_away = False
    assert await chat.sweep(timedelta(hours=1)) == 0
    assert await chat.sweep(timedelta(seconds=-1)) == 1
    assert await chat.sweep(timedelta(seconds=-1)) == 0
    assert [message.text for message in records.messages] == ["a"]


async def test_a_reply_is_written_once_and_reported_each_time(chat: ChatHandlers, records: MemoryRecords) -> None:
    await chat.deliver([a_reply()])
    await chat.deliver([a_reply()])
    assert len(await chat.transcript.after(VISITOR.conversation_id, 0, 10)) == 1
    assert records.reports[0] == records.reports[1]
    assert (records.reports[0].state, records.reports[0].dossier_id) == ("sent", "d-1")


async def test_seen_is_reported_once_though_kafka_was_away(chat: ChatHandlers, records: MemoryRecords) -> None:
    await chat.deliver([a_reply()])
    records.is_away = True
    with pytest.raises(Transient):
        await chat.mark_seen(VISITOR, 1, read=False)
    records.is_away = False
    await chat.mark_seen(VISITOR, 1, read=True)
    await chat.mark_seen(VISITOR, 1, read=True)
    assert [report.state for report in records.reports] == ["sent", "delivered", "read"]


@pytest.mark.parametrize("reply", [a_reply(channel="email"), a_reply(outbound_id="another")])
def test_what_is_not_for_this_chat_is_poison(reply: SendMessage) -> None:
    assert undeliverable(reply) is not None
    assert undeliverable(a_reply()) is None
