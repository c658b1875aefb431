"""A dossier remembers its last replies; what moves goes by its whole history."""

import pytest
from case_scenes.shop import STRANGER, Shop
from case_service.domain.dossier import Dossier
from case_service.domain.standing import standing
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import DeliveryUpdated, ReplyLinked, ReplyRequested, ReplyTarget

MORE_THAN_REMEMBERED = 55


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def answered_at_length(shop: Shop) -> tuple[Dossier, ReplyRequested]:
    """Two conversations that one reply answered, delivered; and then one of them many more times."""
    await shop.writes(text="by mail", conversation="m")
    dossier = await shop.writes(channel="chat", text="by chat", conversation="c")
    mail, chat = (each.conversation.conversation_id for each in dossier.view.conversations)
    await shop.reply(dossier, mail, chat, text="to both")
    first = next(each.event for each in await shop.events(dossier) if isinstance(each.event, ReplyRequested))
    await shop.deliveries(*(report(shop, dossier, each, "delivered") for each in first.targets))
    for number in range(MORE_THAN_REMEMBERED):
        await shop.reply(dossier, mail, chat, text=f"answer {number}")
    requested = [each.event for each in await shop.events(dossier) if isinstance(each.event, ReplyRequested)]
    later = [target for each in requested[1:] for target in each.targets]
    await shop.deliveries(*(report(shop, dossier, target, state) for target in later for state in ("sent", "read")))
    return await shop.dossier(dossier.id), first


def report(shop: Shop, dossier: Dossier, target: ReplyTarget, state: str) -> DeliveryReported:
    return DeliveryReported(
        outbound_id=target.outbound_id,
        dossier_id=dossier.id,
        conversation_id=target.conversation.conversation_id,
        state=state,
        at=shop.now,
    )


async def linked(shop: Shop, dossier_id: str, reply_id: str) -> list[ReplyLinked]:
    events = [each.event for each in await shop.events(dossier_id)]
    return [each for each in events if isinstance(each, ReplyLinked) and each.reply.reply_id == reply_id]


async def test_an_old_reply_whose_parts_meet_again_is_counted_once(shop: Shop) -> None:
    dossier, first = await answered_at_length(shop)
    assert first.targets[0].outbound_id not in dossier.memory.sent, "it has been forgotten"
    chat = dossier.view.conversations[1].conversation.conversation_id
    moved = await shop.command(dossier, {"type": "move_conversation", "conversation_id": chat})
    await shop.command(str(moved.to_dossier_id), {"type": "merge_dossier", "into_dossier_id": dossier.id})
    [back] = await linked(shop, dossier.id, first.reply_id)
    assert back.joins
    assert (
        (await shop.view(dossier.id)).messages
        == standing(await shop.events(dossier)).count
        == 2 + 1 + MORE_THAN_REMEMBERED
    )


async def test_an_old_reply_takes_along_what_became_of_it(shop: Shop) -> None:
    dossier, first = await answered_at_length(shop)
    his = await shop.writes(STRANGER, text="his")
    forgotten = [each.outbound_id for each in first.targets]
    assert not dossier.memory.deliveries.keys() & set(forgotten), "it has been forgotten"
    await shop.command(dossier, {"type": "merge_dossier", "into_dossier_id": his.id})
    [there] = await linked(shop, his.id, first.reply_id)
    assert there.states == dict.fromkeys(forgotten, "delivered")


async def test_a_late_report_on_an_old_reply_goes_where_its_conversation_went(shop: Shop) -> None:
    dossier, first = await answered_at_length(shop)
    his = await shop.writes(STRANGER, text="his")
    await shop.command(dossier, {"type": "merge_dossier", "into_dossier_id": his.id})
    merged = await shop.dossier(his.id)
    assert first.targets[0].outbound_id not in merged.memory.sent, "it has been forgotten there, too"
    await shop.deliveries(report(shop, dossier, first.targets[0], "read"))
    newest = (await shop.events(his))[-1].event
    assert isinstance(newest, DeliveryUpdated)
    assert newest.outbound_id == first.targets[0].outbound_id
