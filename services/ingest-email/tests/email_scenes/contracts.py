"""What every implementation of a port does, fake or real; run in unit and in integration tests."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Protocol

import pytest
from ingest_email.ports import Blobs, ContentMissing, Folder, Ledger, Mailboxes, Pending, Position, Positions
from omnifil_messaging.context import TRACEPARENT, processing, traced
from omnifil_servicekit import telemetry

from email_scenes.fakes import NOON
from email_scenes.mails import a_mail
from email_scenes.replies import a_reply

HOLD = timedelta(seconds=90)
RECORDED = f"00-{0xA:032x}-{0xB:016x}-01"
"""A trace that somebody records, as it comes with a record."""


class PositionsContract:
    async def test_a_folder_never_read_has_no_position(self, positions: Positions) -> None:
        assert await positions.load("support") is None

    async def test_the_last_position_counts_beyond_31_bits_too(self, positions: Positions) -> None:
        await positions.save("support", Position(1, 2))
        await positions.save("support", Position(2**32 - 1, 2**32 - 2))
        assert await positions.load("support") == Position(2**32 - 1, 2**32 - 2)
        assert await positions.load("other") is None


class BlobsContract:
    async def test_content_is_addressed_by_its_hash(self, blobs: Blobs) -> None:
        stored = await blobs.put(b"content", "text/plain")
        assert stored.sha256 == hashlib.sha256(b"content").hexdigest()
        assert stored.size_bytes == 7
        assert await blobs.put(b"content", "text/plain") == stored
        assert await blobs.get(stored.sha256) == b"content"

    async def test_a_stream_is_the_same_content(self, blobs: Blobs) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"con"
            yield b"tent"

        assert (await blobs.put(pieces(), "text/plain")).sha256 == hashlib.sha256(b"content").hexdigest()

    async def test_what_is_not_there_is_missing(self, blobs: Blobs) -> None:
        with pytest.raises(ContentMissing):
            await blobs.get("0" * 64)


class LedgerContract:
    async def test_a_reply_is_in_it_once(self, ledger: Ledger) -> None:
        reply = a_reply()
        await ledger.take([reply, reply], NOON)
        await ledger.take([reply, a_reply(conversation="<other@x>")], NOON)
        claimed = await ledger.claim(NOON, HOLD, 10)
        assert len(claimed) == 2
        assert [each.command for each in claimed if each.outbound_id == reply.outbound_id] == [reply]

    async def test_a_reply_keeps_the_trace_in_which_it_was_taken(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(telemetry.recorded, "on", True)
        telemetry.configure("test")
        traced_one, other = a_reply(), a_reply(conversation="<other@x>")
        with processing(traced([(traced_one.outbound_id, {TRACEPARENT: RECORDED})]), "outbound.email.v1"):
            await ledger.take([traced_one, other], NOON)
        kept = {each.outbound_id: each.traceparent for each in await ledger.claim(NOON, HOLD, 10)}
        assert kept[other.outbound_id] is None
        assert (kept[traced_one.outbound_id] or "").startswith(RECORDED[:36])

    async def test_what_is_claimed_is_nobody_elses_until_the_hold_is_over(self, ledger: Ledger) -> None:
        await ledger.take([a_reply()], NOON)
        assert len(await ledger.claim(NOON, HOLD, 10)) == 1
        assert await ledger.claim(NOON + HOLD / 2, HOLD, 10) == []
        (again,) = await ledger.claim(NOON + HOLD, HOLD, 10)
        assert (again.step, again.attempts) == ("waiting", 2)

    async def test_a_hold_can_be_made_longer(self, ledger: Ledger) -> None:
        reply = a_reply()
        await ledger.take([reply], NOON)
        await ledger.claim(NOON, HOLD, 10)
        await ledger.hold([reply.outbound_id], NOON + 2 * HOLD)
        assert await ledger.claim(NOON + HOLD, HOLD, 10) == []
        assert len(await ledger.claim(NOON + 2 * HOLD, HOLD, 10)) == 1

    async def test_two_who_claim_at_once_get_different_ones(self, ledger: Ledger) -> None:
        await ledger.take([a_reply(conversation=f"<{n}@x>") for n in range(10)], NOON)
        both = await asyncio.gather(*(ledger.claim(NOON, HOLD, 10) for _ in range(2)))
        claimed = [each.outbound_id for one in both for each in one]
        assert len(claimed) == len(set(claimed)) == 10

    async def test_an_account_that_is_busy_leaves_room_for_the_others(self, ledger: Ledger) -> None:
        await ledger.take([a_reply(conversation=f"<{n}@x>") for n in range(5)], NOON)
        other = a_reply(account="other", later_s=10)
        await ledger.take([other], NOON)
        claimed = await ledger.claim(NOON, HOLD, 3, {"support": 1})
        accounts = [each.command.target.conversation.account for each in claimed]
        assert sorted(accounts) == ["other", "support", "support"]

    async def test_a_conversation_is_in_order(self, ledger: Ledger) -> None:
        second, first = a_reply(later_s=1), a_reply()
        await ledger.take([second, first], NOON)
        (claimed,) = await ledger.claim(NOON, HOLD, 10)
        assert claimed.outbound_id == first.outbound_id
        await ledger.postpone(first.outbound_id, NOON + timedelta(seconds=10), "451")
        assert await ledger.claim(NOON + timedelta(seconds=9), HOLD, 10) == []
        (claimed,) = await ledger.claim(NOON + timedelta(seconds=10), HOLD, 10)
        assert claimed.outbound_id == first.outbound_id
        await ledger.decide(first.outbound_id, sent=True, reason=None, provider_message_id="<x@y>", at=NOON)
        (claimed,) = await ledger.claim(NOON + timedelta(seconds=10), HOLD, 10)
        assert claimed.outbound_id == second.outbound_id

    async def test_only_one_may_attempt(self, ledger: Ledger) -> None:
        reply = a_reply()
        await ledger.take([reply], NOON)
        assert await ledger.attempt(reply.outbound_id)
        assert not await ledger.attempt(reply.outbound_id)
        (claimed,) = await ledger.claim(NOON + HOLD, HOLD, 10)
        assert claimed.step == "attempted"

    async def test_a_doubt_that_comes_late_does_not_overrule_what_is_known(self, ledger: Ledger) -> None:
        known, doubted = a_reply(), a_reply(conversation="<other@x>")
        await ledger.take([known, doubted], NOON)
        for reply, first in ((known, True), (doubted, False)):
            for sent in (first, not first):
                reason = None if sent else "It is not known."
                await ledger.decide(reply.outbound_id, sent=sent, reason=reason, provider_message_id=None, at=NOON)
        steps = {each.outbound_id: (each.step, each.reason) for each in await ledger.unreported(10)}
        assert steps == {known.outbound_id: ("sent", None), doubted.outbound_id: ("sent", None)}

    async def test_what_is_decided_is_reported_once_and_remembered(self, ledger: Ledger) -> None:
        reply = a_reply(text="words of the agent")
        await ledger.take([reply], NOON)
        assert await ledger.unreported(10) == []
        await ledger.decide(reply.outbound_id, sent=False, reason="550 no", provider_message_id=None, at=NOON)
        (told,) = await ledger.unreported(10)
        assert (told.step, told.reason, told.decided_at, told.command) == ("failed", "550 no", NOON, reply)
        await ledger.reported([reply.outbound_id])
        assert await ledger.unreported(10) == []
        assert await ledger.claim(NOON + HOLD, HOLD, 10) == []
        found = await ledger.find([reply.outbound_id, "unknown"])
        assert list(found) == [reply.outbound_id]
        assert found[reply.outbound_id].command.text == ""  # the words are not kept longer than they are needed
        assert found[reply.outbound_id].command.dossier_id == "d1"


class Owner(Protocol):
    """The mailbox as its owner works with it."""

    def put(self, raw: bytes, *, seen: bool = False) -> None: ...

    def seen(self) -> list[bool]: ...


class MailboxesContract:
    """`mailboxes` has an account `support`; `owner` is the person beside us."""

    async def test_mails_come_in_order_and_stay_unseen(self, mailboxes: Mailboxes, owner: Owner) -> None:
        for number in range(3):
            owner.put(a_mail(message_id=f"<{number}@x>"), seen=number == 1)
        async with mailboxes.open("support") as folder:
            pending = await folder.pending(0)
            assert len(pending) == 3
            assert [each.uid for each in pending] == sorted(each.uid for each in pending)
            assert folder.last_uid == pending[-1].uid
            assert [each.uid for each in await folder.unseen()] == [pending[0].uid, pending[2].uid]
            fetched = await folder.fetch([each.uid for each in pending])
            assert [f"<{number}@x>".encode() in fetched[each.uid] for number, each in enumerate(pending)] == [True] * 3
            assert await folder.pending(pending[1].uid) == [pending[2]]
            assert await folder.pending(pending[2].uid) == []
        assert owner.seen() == [False, True, False]

    async def test_marking_marks_only_those(self, mailboxes: Mailboxes, owner: Owner) -> None:
        for _ in range(2):
            owner.put(a_mail())
        async with mailboxes.open("support") as folder:
            first, _second = await folder.pending(0)
            await folder.mark_seen([first.uid])
            await folder.mark_seen([])
        assert owner.seen() == [True, False]

    async def test_a_stream_is_the_whole_mail(self, mailboxes: Mailboxes, owner: Owner) -> None:
        owner.put(a_mail(text="word\n" * 200_000))
        async with mailboxes.open("support") as folder:
            (mail,) = await folder.pending(0)
            pieces = [piece async for piece in folder.stream(mail)]
            assert b"".join(pieces) == (await folder.fetch([mail.uid]))[mail.uid]
            assert len(pieces) > 1

    async def test_a_mail_that_is_gone_is_left_out(self, mailboxes: Mailboxes, owner: Owner) -> None:
        async with mailboxes.open("support") as folder:
            assert await folder.fetch([4711]) == {}
            assert [piece async for piece in folder.stream(Pending(4711, 10))] == []

    async def test_new_mail_ends_the_waiting(self, mailboxes: Mailboxes, owner: Owner) -> None:
        async with mailboxes.open("support") as folder:
            await folder.wait(0.01)
            waiting = asyncio.create_task(_until_there(folder))
            await asyncio.sleep(0)
            await asyncio.to_thread(owner.put, a_mail())
            async with asyncio.timeout(10):
                assert len(await waiting) == 1

    async def test_a_wake_ends_the_waiting(self, mailboxes: Mailboxes, owner: Owner) -> None:
        async with mailboxes.open("support") as folder:
            waiting = asyncio.create_task(folder.wait(60))
            await asyncio.sleep(0)
            folder.wake()
            async with asyncio.timeout(10):
                await waiting


async def _until_there(folder: Folder) -> list[Pending]:
    while not (pending := await folder.pending(0)):
        await folder.wait(60)
    return pending
