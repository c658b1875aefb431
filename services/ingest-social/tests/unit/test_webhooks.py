"""Taking a webhook: everything in it is safe, or the network is asked to send it again."""

from datetime import UTC, datetime
from typing import Any

import pytest
from ingest_social.handlers import Webhooks
from omnifil_servicekit.errors import Transient

NOW = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
PICTURE = {"type": "image", "payload": {"url": "https://cdn.example/a.png"}}


@pytest.fixture
def webhooks(network: Any, files: Any, records: Any, fake_ledger: Any) -> Webhooks:
    return Webhooks(network=network, files=files, records=records, ledger=fake_ledger, clock=lambda: NOW)


async def test_a_picture_is_in_our_store_before_the_message_is_published(
    webhooks: Webhooks, writer: Any, network: Any, files: Any, records: Any
) -> None:
    network.files["https://cdn.example/a.png"] = (b"png", "image/png", "a.png")
    await webhooks.take(writer.body(writer.text("See", attachments=[PICTURE])), [writer.page])
    [message] = records.messages
    assert files.contents[message.attachments[0].sha256] == b"png"
    assert message.sender.display_name == "Clara Martin"


async def test_a_picture_that_is_away_for_now_makes_the_network_send_again(
    webhooks: Webhooks, writer: Any, network: Any, records: Any
) -> None:
    network.away = True
    with pytest.raises(Transient):
        await webhooks.take(writer.body(writer.text("See", attachments=[PICTURE])), [writer.page])
    assert records.messages == []


async def test_a_picture_that_is_gone_does_not_cost_the_words(webhooks: Webhooks, writer: Any, records: Any) -> None:
    await webhooks.take(writer.body(writer.text("See", attachments=[PICTURE])), [writer.page])
    assert records.messages[0].text == "See\n[1 × file no longer available from the network]"


async def test_a_signed_webhook_that_is_none_is_set_aside_whole(webhooks: Webhooks, writer: Any, records: Any) -> None:
    await webhooks.take(b"not json", [writer.page])
    assert [(part.account, part.body) for part in records.broken] == [("page-brume", b"not json")]


async def test_without_kafka_the_network_is_asked_to_send_again(webhooks: Webhooks, writer: Any, records: Any) -> None:
    records.away = True
    with pytest.raises(Transient):
        await webhooks.take(writer.body(writer.text("Hi")), [writer.page])
