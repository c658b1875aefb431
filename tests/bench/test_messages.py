"""The messages that everything is measured with."""

from collections import Counter

import pytest
from omnifil_bench.messages import Mix, Writers
from omnifil_contracts.message import InboundMessage
from omnifil_contracts.topics import INBOUND


def test_the_same_seed_writes_the_same() -> None:
    one, other, third = (Writers(seed).batch(Mix(50)).messages for seed in (7, 7, 8))

    assert [each.text for each in one] == [each.text for each in other]
    assert [each.message_id for each in one] == [each.message_id for each in other]
    assert [each.message_id for each in one] != [each.message_id for each in third]


@pytest.mark.parametrize(("per_conversation", "conversations"), [(1, 200), (5, 40), (50, 4)])
def test_a_mix_has_so_many_conversations_and_so_many_entries_come_of_it(
    per_conversation: int, conversations: int
) -> None:
    batch = Writers(1).batch(Mix(200, per_conversation))

    assert len({each.conversation.conversation_id for each in batch.messages}) == conversations
    assert len({each.message_id for each in batch.messages}) == 200
    assert batch.entries == 200 + 2 * conversations


def test_a_conversation_that_goes_on_opens_no_second_dossier() -> None:
    writers = Writers(1)
    conversations = writers.conversations(3)

    assert writers.written(conversations, 10).entries == 10 + 2 * 3
    assert writers.written(conversations, 10).entries == 10


def test_the_channels_share_the_conversations() -> None:
    batch = Writers(1).batch(Mix(90, 3, ("email", "chat", "social")))

    by_channel = Counter(each.channel for each in {each.conversation for each in batch.messages})
    assert by_channel == {"email": 10, "chat": 10, "social": 10}


def test_what_is_published_is_read_as_what_was_written() -> None:
    batch = Writers(1).batch(Mix(20))

    for message, wire in zip(batch.messages, batch.wires(), strict=True):
        assert wire.topic == INBOUND.of("email")
        assert wire.key == message.sender.primary.identity.key.encode()
        assert InboundMessage.model_validate_json(wire.value or b"") == message
