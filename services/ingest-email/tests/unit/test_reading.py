"""Reading in a process of its own, and in this one."""

import os
import signal
from collections.abc import AsyncIterator

import pytest
from email_scenes.fakes import DirectReader
from email_scenes.mails import a_mail, answers, signed
from ingest_email.adapters.process_reader import ProcessReader
from ingest_email.domain.limits import BrokenMail, Limits
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.ports import Reader


class ReaderContract:
    async def test_a_mail_is_read_and_proven(self, reader: Reader, us: OurMailbox) -> None:
        raw = signed(a_mail(), "mail.example")
        draft = await reader.draft(raw, us)
        assert draft.text == "Where is my order 4711?"
        told = answers()
        identity = await reader.prove(raw, us, {name: told[name] for name in draft.questions})
        assert identity.identity.key == "email:clara.martin@mail.example"

    async def test_a_broken_mail_says_why(self, reader: Reader, us: OurMailbox) -> None:
        with pytest.raises(BrokenMail) as broken:
            await reader.draft(b"garbage", us)
        assert (broken.value.cause, str(broken.value)) == ("no-header", broken.value.detail)


class TestDirectReader(ReaderContract):
    @pytest.fixture
    def reader(self) -> Reader:
        return DirectReader()


class TestProcessReader(ReaderContract):
    @pytest.fixture
    async def reader(self) -> AsyncIterator[ProcessReader]:
        async with ProcessReader(Limits(), processes=1, limit_s=20) as reader:
            yield reader

    async def test_a_process_that_was_killed_is_replaced(self, reader: ProcessReader, us: OurMailbox) -> None:
        await reader.draft(a_mail(), us)
        (process,) = reader._running
        os.kill(process._process.pid, signal.SIGKILL)
        assert (await reader.draft(a_mail(), us)).subject == "Order 4711"

    async def test_a_mail_that_takes_too_long_is_broken_and_holds_nobody(
        self, reader: ProcessReader, us: OurMailbox
    ) -> None:
        await reader.draft(a_mail(), us)
        (process,) = reader._running
        os.kill(process._process.pid, signal.SIGSTOP)  # it hangs, whatever the mail
        reader._limit_s = 0.2
        with pytest.raises(BrokenMail) as broken:
            await reader.draft(a_mail(), us)
        assert broken.value.cause == "too-slow"
        reader._limit_s = 20
        assert (await reader.draft(a_mail(), us)).subject == "Order 4711"

    async def test_nothing_of_it_is_left_behind(self, us: OurMailbox) -> None:
        async with ProcessReader(Limits(), processes=2, limit_s=20) as reader:
            await reader.draft(a_mail(), us)
            pids = [each._process.pid for each in reader._running]
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
