"""Delivering replies: each at most once, within the network's rules."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ingest_social.domain.reply import MAX_TEXT_CHARS, pieces
from ingest_social.handlers import Replies, Webhooks
from ingest_social.ports import SendRefused
from ingest_social.settings import SocialSettings
from omnifil_contracts.dossier import DeliveryState
from omnifil_devstack.world.network import NetworkSettings
from omnifil_servicekit.errors import Transient

NOW = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)


@pytest.fixture
def replies(writer: Any, network: Any, files: Any, records: Any, fake_ledger: Any) -> Replies:
    return Replies(
        pages={"page-brume": writer.page},
        network=network,
        files=files,
        records=records,
        ledger=fake_ledger,
        clock=lambda: NOW,
        echo_patience_s=0,
    )


def states(records: Any) -> list[DeliveryState]:
    return [report.state for report in records.reports]


async def test_a_reply_with_a_picture_goes_out_in_pieces(
    replies: Replies, command: Any, files: Any, network: Any, records: Any
) -> None:
    picture = await files.put(b"png", "image/png", "label.png")
    await replies.deliver([command(attachments=(picture,))])
    assert [(piece.text, content) for _, piece, content, _ in network.sent] == [
        ("It is on its way.", None),
        ("", b"png"),
    ]
    assert [metadata for *_, metadata in network.sent] == ["omnifil:out-1:0", "omnifil:out-1:1"]
    assert states(records) == [DeliveryState.SENT]


async def test_a_redelivered_command_is_not_sent_again(replies: Replies, command: Any, network: Any) -> None:
    await replies.deliver([command()])
    await replies.deliver([command()])
    assert len(network.sent) == 1


async def test_an_answer_that_was_lost_is_recognised_by_its_echo(
    replies: Replies, command: Any, network: Any, files: Any, records: Any, fake_ledger: Any, writer: Any
) -> None:
    network.lose_answers = 1
    with pytest.raises(Transient):
        await replies.deliver([command()])
    told = {"mid": "m_77", "text": "It is on its way.", "is_echo": True, "metadata": "omnifil:out-1:0"}
    taking = Webhooks(network=network, files=files, records=records, ledger=fake_ledger, clock=lambda: NOW)
    await taking.take(writer.body(writer.event(from_page=True, message=told)), [writer.page])
    await replies.deliver([command()])
    assert len(network.sent) == 1
    assert records.reports[-1].provider_message_id == "m_77"


async def test_a_process_that_lost_its_partitions_in_the_middle_of_a_reply_does_not_send_on(
    replies: Replies, command: Any, network: Any, files: Any
) -> None:
    picture = await files.put(b"png", "image/png", "label.png")
    fetch, fetching, fetched = files.get, asyncio.Event(), asyncio.Event()

    async def fetch_slowly(file: Any) -> Any:
        fetching.set()
        await fetched.wait()
        return await fetch(file)

    files.get = fetch_slowly
    slow = asyncio.create_task(replies.deliver([command(attachments=(picture,))]))
    await fetching.wait()
    files.get = fetch
    await replies.deliver([command(attachments=(picture,))])
    fetched.set()
    with pytest.raises(Transient):
        await slow
    assert [metadata for *_, metadata in network.sent] == ["omnifil:out-1:0", "omnifil:out-1:1"]


async def test_on_a_closed_window_nothing_is_sent_and_the_agent_learns_why(
    replies: Replies, command: Any, network: Any, records: Any
) -> None:
    for _ in range(2):
        await replies.deliver([command(window_ends_at=NOW - timedelta(minutes=1))])
    assert network.sent == []
    assert states(records) == [DeliveryState.FAILED] * 2
    assert "24 hours" in records.reports[0].reason


async def test_what_the_network_refuses_is_told_and_not_tried_again(
    replies: Replies, command: Any, network: Any, records: Any
) -> None:
    network.refusal = SendRefused("Messenger cannot reach this person just now.")
    await replies.deliver([command()])
    network.refusal = None
    await replies.deliver([command()])
    assert network.sent == []
    assert {report.reason for report in records.reports} == {"Messenger cannot reach this person just now."}


async def test_while_the_network_is_away_the_reply_waits(
    replies: Replies, command: Any, network: Any, records: Any
) -> None:
    network.away = True
    with pytest.raises(Transient):
        await replies.deliver([command()])
    network.away = False
    await replies.deliver([command()])
    assert (len(network.sent), states(records)) == (1, [DeliveryState.SENT])


def test_a_long_text_is_cut_where_words_end_and_nothing_is_lost(command: Any) -> None:
    text = " ".join(f"word{number}" for number in range(1000))
    parts = [piece.text for piece in pieces(command(text=text))]
    assert len(parts) > 1
    assert all(len(part) <= MAX_TEXT_CHARS for part in parts)
    assert " ".join(parts) == text
    assert "".join(piece.text for piece in pieces(command(text="x" * 5000))) == "x" * 5000


def test_the_patience_for_an_echo_outlasts_the_pauses_of_a_network_that_found_us_away() -> None:
    patience_s = SocialSettings.model_fields["social_echo_patience_s"].default
    assert patience_s > 1.5 * max(NetworkSettings.retry_pauses_s)
