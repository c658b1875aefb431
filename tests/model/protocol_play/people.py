"""Who takes part: consumers, relays and clients, each running the code of the services."""

from collections.abc import Mapping, Sequence
from typing import Any

from case_service.entrypoints.relay import Relay
from case_service.handlers import Messages
from case_service.handlers.reading import Reading
from case_service.ports import Page, Question
from omnifil_contracts.dossier import DossierEvent
from omnifil_contracts.message import IdentifiedMessage
from omnifil_messaging import Received
from omnifil_messaging.batch import Abandoned, BatchWork
from omnifil_messaging.tenure import Tenure
from omnifil_mongostore import ChangeBatch

from protocol_play.stepped import Turn


class ReadingLate(Reading):
    async def inbox(self, question: Question) -> tuple[Mapping[int, int], Page]:
        page = await self._dossiers.find(question)
        return await self._dossiers.watermark(), page


class MarksFirst(Relay):
    async def _carry(self, batch: ChangeBatch, offsets: dict[int, int]) -> None:
        await self._positions.save("relay", batch.resume_token, offsets, fence=self._lease.token)
        await super()._carry(batch, offsets)


class Life:
    """A consumer of one partition from an assignment on."""

    def __init__(self, name: str, log: list[IdentifiedMessage], begins_at: int) -> None:
        self.name, self.log, self.at = name, log, begins_at
        self.tenure = Tenure()

    async def run(self, messages: Messages, turn: Turn, broken: str) -> None:
        async def handler(batch: Sequence[Received[Any]]) -> None:
            if broken == "commit-before-write":
                self.tenure.done("", batch)
            await messages.link([each.record for each in batch])

        async def pause(attempt: int, error: BaseException) -> None:
            if self.tenure.over.is_set():
                raise Abandoned
            await turn()

        async def nobody(culprits: Any) -> None:
            raise AssertionError(f"nothing here is poison: {culprits}")

        def done(batch: Sequence[Received[Any]]) -> None:
            if broken != "commit-before-write":
                self.tenure.done("", batch)

        work = BatchWork(handler=handler, set_aside=nobody, done=done, pause=pause)
        while not self.tenure.over.is_set():
            await turn()
            if batch := [
                Received(record, "", "", {}, "identified", 0, self.at + number)
                for number, record in enumerate(self.log[self.at : self.at + 2])
            ]:
                self.at += len(batch)
                self.tenure.delivered(batch)
                await work.do(batch)


class Client:
    """An agent's screen: the inbox, then the stream from its cursor on."""

    def __init__(self) -> None:
        self.known: dict[str, int] | None = None
        self.at = 0

    async def run(self, reading: Reading, topic: Sequence[DossierEvent], turn: Turn) -> None:
        watermark, page = await reading.inbox(Question(limit=500))
        self.at = watermark.get(0, 0)
        self.known = {view.dossier_id: view.seq for view in page.dossiers}
        while True:
            await turn()
            for event in topic[self.at : self.at + 1]:
                self.at += 1
                seq = self.known.get(event.dossier_id, 0)
                assert event.entry.seq <= seq + 1, "a client sees a hole"
                self.known[event.dossier_id] = max(seq, event.entry.seq)
