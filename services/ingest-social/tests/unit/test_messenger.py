"""What a Messenger webhook becomes."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_social.domain.messenger import (
    Delivered,
    Echo,
    Incoming,
    NotUnderstood,
    Read,
    metadata,
    understand,
)
from ingest_social.domain.page import Page
from omnifil_contracts.identity import Assurance
from omnifil_contracts.message import InboundMessage
from pydantic import SecretStr

from datetime import UTC, datetime  # isort: skip

NOW = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
PAGE = Page(
    account="page-brume",
    page_id="1000",
    app_secret=SecretStr("12345678"),
    verify_token=SecretStr("12345678"),
    page_token=SecretStr("12345678"),
)


def the_message(body: bytes) -> InboundMessage:
    [happening] = understand(body, [PAGE], NOW).happenings
    assert isinstance(happening, Incoming)
    return happening.message


def test_a_text_comes_from_the_person_whom_the_network_vouches_for(writer: Any) -> None:
    message = the_message(writer.body(writer.text("Where is my order?")))
    assert message.text == "Where is my order?"
    assert message.sender.primary.identity.key == "messenger:1000:2000"
    assert message.sender.primary.assurance is Assurance.CHANNEL
    assert (message.conversation.key, message.provider_message_id) == ("2000", "m_1")
    assert message.reply_window_ends_at == NOW + timedelta(hours=24)


def test_pictures_keep_their_addresses_until_they_are_fetched(writer: Any) -> None:
    attachments = [{"type": "image", "payload": {"url": "https://cdn.example/a.png"}}, {"type": "location"}]
    body = writer.body(writer.event(message={"mid": "m_1", "attachments": attachments}))
    [happening] = understand(body, [PAGE], NOW).happenings
    assert isinstance(happening, Incoming)
    assert happening.file_urls == ("https://cdn.example/a.png",)
    assert happening.message.text == "[location]"


def test_what_the_page_wrote_elsewhere_is_an_echo_in_the_persons_conversation(writer: Any) -> None:
    told = {"mid": "m_2", "text": "We are looking into it.", "is_echo": True, "app_id": 1}
    message = the_message(writer.body(writer.event(from_page=True, message=told)))
    assert message.direction == "echo"
    assert (message.conversation.key, message.reply_window_ends_at) == ("2000", None)


def test_the_echo_of_our_own_reply_is_proof_that_it_was_sent(writer: Any) -> None:
    told = {"mid": "m_3", "text": "Hi", "is_echo": True, "metadata": metadata("out-1", 2)}
    [happening] = understand(writer.body(writer.event(from_page=True, message=told)), [PAGE], NOW).happenings
    assert isinstance(happening, Echo)
    assert (happening.outbound_id, happening.part, happening.mid, happening.psid) == ("out-1", 2, "m_3", "2000")


def test_receipts(writer: Any) -> None:
    delivery = writer.event(delivery={"mids": ["m_1", "m_2"], "watermark": 1})
    read = writer.event(read={"watermark": int(NOW.timestamp() * 1000)})
    first, second = understand(writer.body(delivery, read), [PAGE], NOW).happenings
    assert isinstance(first, Delivered)
    assert first.mids == ("m_1", "m_2")
    assert isinstance(second, Read)
    assert second.watermark == NOW


def test_a_pressed_button_is_what_the_person_said(writer: Any) -> None:
    message = the_message(writer.body(writer.event(postback={"title": "Track my order", "payload": "T", "mid": "m_9"})))
    assert (message.text, message.provider_message_id) == ("Track my order", "m_9")


def test_an_answer_to_a_message_names_its_ancestor(writer: Any) -> None:
    assert the_message(writer.body(writer.text("Yes", reply_to={"mid": "m_0"}))).ancestors == ("m_0",)


def test_other_pages_and_other_events_are_none_of_our_business(writer: Any) -> None:
    assert understand(writer.body(writer.text("Hi"), page_id="7"), [PAGE], NOW).happenings == ()
    reaction = writer.event(reaction={"emoji": "x", "mid": "m_1"})
    deleted = writer.event(message={"mid": "m_1", "is_deleted": True})
    webhook = understand(writer.body(reaction, deleted), [PAGE], NOW)
    assert (webhook.happenings, webhook.broken) == ((), ())


def test_a_broken_part_is_set_aside_as_a_webhook_of_its_own_and_its_neighbours_go_on(writer: Any) -> None:
    broken = writer.event(message={"mid": 5, "text": "no"})
    webhook = understand(writer.body(writer.text("one"), broken, writer.text("two", "m_2")), [PAGE], NOW)
    assert [happening.message.text for happening in webhook.happenings if isinstance(happening, Incoming)] == [
        "one",
        "two",
    ]
    [(body, reason)] = webhook.broken
    assert reason == "message.mid is not a text."
    assert json.loads(body)["entry"][0]["messaging"] == [broken]


def test_a_receipt_that_lists_nothing_is_set_aside(writer: Any) -> None:
    """Answered with an error, the network would send it, and all that came with it, again and again."""
    webhook = understand(writer.body(writer.event(delivery={"mids": None}), writer.text("one")), [PAGE], NOW)
    assert len(webhook.happenings) == 1
    assert [reason for _, reason in webhook.broken] == ["delivery.mids is not a list."]


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'{"object":"user","entry":[]}', b"[" * 50_000])
def test_what_is_no_webhook_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        understand(body, [PAGE], NOW)


def test_a_lone_surrogate_does_not_poison_the_record(writer: Any) -> None:
    body = writer.body(writer.text("x")).replace(b'"x"', b'"\\ud83d and \\u0000"')
    assert "�" in the_message(body).model_dump_json()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "mid",
                    "mids",
                    "text",
                    "message",
                    "sender",
                    "recipient",
                    "id",
                    "timestamp",
                    "attachments",
                    "read",
                    "delivery",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(anything, max_size=4))
def test_whatever_stands_in_a_webhook_it_is_taken_or_set_aside(events: list[Any]) -> None:
    body = json.dumps({"object": "page", "entry": [{"id": "1000", "messaging": events}]}).encode()
    webhook = understand(body, [PAGE], NOW)
    for happening in webhook.happenings:
        if isinstance(happening, Incoming):
            InboundMessage.model_validate_json(happening.completed((), None, 1).model_dump_json())
