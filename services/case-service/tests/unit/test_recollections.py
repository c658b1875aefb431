"""What a process remembers saves it questions, and never misleads it: the append is refused, and all is asked anew."""

from case_scenes.shop import CLARA, STRANGER, Shop
from case_service.adapters.in_memory import InMemoryTimeline
from case_service.domain.lookups import Found, Lookup
from case_service.ports import NEWEST_DOSSIERS
from omnifil_contracts.dossier import Status


class Asked(InMemoryTimeline):
    """Counts what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.lookups: list[Lookup] = []

    async def look_up(self, lookup: Lookup, *, newest: int | None = NEWEST_DOSSIERS) -> Found:
        self.lookups.append(lookup)
        return await super().look_up(lookup, newest=newest)


async def test_one_more_message_of_a_conversation_asks_for_nothing() -> None:
    timeline = Asked()
    shop = Shop(timeline=timeline)
    await shop.writes(conversation="root")
    asked = len(timeline.lookups)
    dossier = await shop.writes(conversation="root")
    (lookup, *_) = timeline.lookups[asked:]
    assert (lookup.customers, lookup.conversations, lookup.known) == (frozenset(), frozenset(), frozenset())
    assert dossier.view.messages == 2


async def test_what_others_have_closed_is_reopened_although_it_is_remembered_as_open() -> None:
    shop = Shop()
    dossier = await shop.writes(conversation="root")
    await shop.command(dossier, {"type": "change_status", "status": "closed"})
    assert (await shop.writes(conversation="root")).view.status is Status.REOPENED


async def test_what_has_moved_is_followed_although_it_is_remembered_where_it_was() -> None:
    shop = Shop()
    old = await shop.writes(conversation="root")
    moving = old.view.conversations[0].conversation.conversation_id
    result = await shop.command(old, {"type": "move_conversation", "conversation_id": moving})
    shop.ids.add(str(result.to_dossier_id))
    assert (await shop.writes(conversation="root")).id == result.to_dossier_id


async def test_a_redelivered_message_of_a_remembered_conversation_has_no_effect() -> None:
    shop = Shop()
    messages = [shop.message(conversation="root") for _ in range(30)]
    await shop.link(messages[0])
    await shop.link(*messages[1:])
    before = await shop.link(*messages)
    assert before.view.messages == len(messages)


async def test_a_stranger_who_writes_into_a_thread_twice_stays_in_one_place() -> None:
    shop = Shop()
    hers = await shop.writes(CLARA, conversation="root")
    first = await shop.writes(STRANGER, assured=False, conversation="root")
    second = await shop.writes(STRANGER, assured=False, conversation="root")
    assert first.id == second.id != hers.id
    assert [each.last_message_at for each in second.view.conversations] == [second.view.last_entry_at]
