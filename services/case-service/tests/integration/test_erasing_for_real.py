"""Erasing a person in MongoDB: the timeline emptied in place, the projection folded anew, come what may meanwhile."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from case_scenes.shop import AMELIE, CLARA, Shop
from case_service.adapters.documents import DATABASE, DOSSIERS, TIMELINE
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_originals import MongoOriginals
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.decisions import Append
from case_service.domain.erasing import Cleared, Sought
from case_service.domain.references import DEFAULT_PATTERNS
from case_service.handlers.erasing import Erasing
from case_service.handlers.rebuilding import Rebuilding
from case_service.handlers.relaying import Relaying
from omnifil_contracts.message import Attachment
from omnifil_mongostore import Mongo
from omnifil_testkit.builders import NOON

pytestmark = pytest.mark.integration

CLARAS = Sought(frozenset([CLARA]), frozenset([f"email:{CLARA}@mail.example"]))
TOM = "customer-tom"
FILE = Attachment(sha256="a" * 64, filename="picture.png", media_type="image/png", size_bytes=1)


class Told:
    """Where the relay publishes."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def publish(self, appends: list[Append]) -> Mapping[int, int]:
        self.said += [entry.model_dump_json() for append in appends for entry in append.entries]
        return {}

    async def ends(self) -> Mapping[int, int]:
        return {}


class Installation:
    """A shop on MongoDB, with a relay that remembers what it has folded."""

    def __init__(self, mongo: Mongo, timeline: MongoTimeline, dossiers: MongoDossiers) -> None:
        self.mongo, self.timeline, self.dossiers = mongo, timeline, dossiers
        self.shop = Shop(timeline=timeline)  # type: ignore[arg-type]  # the same port
        self.originals = MongoOriginals(mongo)
        self.relaying = Relaying(timeline, dossiers, Told(), DEFAULT_PATTERNS)  # type: ignore[arg-type]
        self.erasing = Erasing(timeline, self.originals, dossiers, DEFAULT_PATTERNS, self.now)
        self.learnt: list[Cleared] = []
        self.relayed = 0

    def now(self) -> datetime:
        return NOON + timedelta(hours=1)

    async def relay(self) -> None:
        """Carry out what was appended since, in the order of the commits as far as it matters: inside a dossier."""
        appends = [append async for append in self.timeline.all_appends()]
        await self.relaying.project(appends)

    async def erase(self, timeline: MongoTimeline | None = None) -> dict[str, int]:
        async def learnt(cleared: Cleared) -> None:
            self.learnt.append(cleared)

        return dict(await self.erasing.erase("erasure-1", CLARAS, AMELIE, learnt))

    async def everything(self) -> str:
        """All that is stored, but for ids: a test's customer id is a name."""
        database = self.mongo.database(DATABASE)
        found = [str(each) for name in (TIMELINE, DOSSIERS) for each in await database[name].find({}).to_list(None)]
        return "".join(found).replace(CLARA, "").lower()


@pytest.fixture
def here(mongo: Mongo, mongo_timeline: MongoTimeline, mongo_dossiers: MongoDossiers) -> Installation:
    return Installation(mongo, mongo_timeline, mongo_dossiers)


async def both_write(here: Installation) -> tuple[str, str]:
    hers = await here.shop.writes(text="my secret", subject="Order of Clara", conversation="<root@clara>", raw=FILE)
    await here.shop.reply(hers, text="Dear Clara Martin")
    his = await here.shop.writes(TOM, text="Tom writes", name="Tom Berger", subject="Tom's", attachments=(FILE,))
    await here.relay()
    return hers.id, his.id


async def test_nothing_of_hers_is_stored_and_a_rebuild_finds_nothing_to_correct(here: Installation) -> None:
    hers, his = await both_write(here)
    before = await here.timeline.history(his)
    ends = await here.erase()
    assert set(ends) == {hers}
    assert not await here.erasing.carried(ends)
    await here.relay()
    assert await here.erasing.carried(ends)
    left = await here.everything()
    assert [word for word in ("clara", "secret", "<root") if word in left] == []
    assert "tom writes" in left
    assert await here.timeline.history(his) == before
    rebuilt = await Rebuilding(here.timeline, here.dossiers, DEFAULT_PATTERNS).rebuild()
    assert (rebuilt.differences, rebuilt.restored) == (0, 0)


async def test_a_file_that_somebody_else_refers_to_is_known(here: Installation) -> None:
    await both_write(here)
    await here.erase()
    assert {sha256 for cleared in here.learnt for sha256 in cleared.blobs} == {"a" * 64}
    assert await here.originals.referred_to(frozenset(["a" * 64, "b" * 64])) == {"a" * 64}


async def test_again_it_changes_nothing(here: Installation) -> None:
    hers, _ = await both_write(here)
    first = await here.erase()
    history = await here.timeline.history(hers)
    assert await here.erase() == {hers: history[-1].seq}
    assert first == {hers: history[-1].seq}
    assert await here.timeline.history(hers) == history


async def test_what_somebody_writes_meanwhile_is_emptied_with_the_rest(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    hers, _ = await both_write(here)
    rewrite, notes = here.originals.rewrite, 0

    async def rewrite_and_be_overtaken(dossier_id: str, *rest: object) -> None:
        nonlocal notes
        await rewrite(dossier_id, *rest)  # type: ignore[arg-type]
        if not notes:
            notes += 1
            await here.shop.command(hers, {"type": "add_note", "text": "Clara called about her secret"})

    monkeypatch.setattr(here.originals, "rewrite", rewrite_and_be_overtaken)
    await here.erase()
    await here.relay()
    assert notes == 1
    assert "secret" not in await here.everything()
    types = [entry.event.type for entry in await here.timeline.history(hers)]
    assert types[-3:] == ["note_added", "customer_erased", "status_changed"]


async def test_a_process_that_remembers_the_dossier_forgets_what_was_in_it(here: Installation) -> None:
    hers, _ = await both_write(here)
    other = MongoTimeline(here.mongo)
    assert (await other.load([hers]))[hers].view.customer_name == "Clara Martin"
    await here.erase()
    remembered = (await other.load([hers]))[hers]
    assert remembered.view.customer_name is None
    assert "clara" not in (remembered.view.model_dump_json() + remembered.memory.model_dump_json()).replace(CLARA, "")
    assert not remembered.is_live


async def test_nothing_leads_back_to_the_erased_dossier(here: Installation) -> None:
    """The same visitor of the same conversation, known as somebody new, has a dossier of their own."""
    hers, _ = await both_write(here)
    await here.erase()
    again = await here.shop.writes("customer-new", handle=f"{CLARA}@mail.example", conversation="<root@clara>")
    assert again.id != hers
    assert again.view.suggestions == ()


async def test_what_is_exported_is_what_goes(here: Installation) -> None:
    hers, _ = await both_write(here)
    [holding] = await here.erasing.holdings(CLARAS)
    assert holding.dossier.dossier_id == hers
    said = "".join(entry.model_dump_json() for entry in holding.entries)
    assert all(text in said for text in ("my secret", "Dear Clara Martin", "Order of Clara"))
    await here.erase()
    assert (await here.erasing.count(CLARAS))["entries"] == 0
