"""Moving conversations and messages, and taking it back: nothing is lost, and everything says where it came from."""

import pytest
from case_scenes.shop import CLARA, STRANGER, Shop
from case_service.domain.dossier import Dossier
from case_service.domain.errors import InvalidCommand, NothingToUndo
from case_service.domain.standing import standing
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import DeliveryState, MessageUnlinked, ReplyLinked, ReplyRequested, Status


def conversation(dossier: Dossier, number: int = 0) -> str:
    return dossier.view.conversations[number].conversation.conversation_id


async def texts(shop: Shop, dossier: Dossier | str | None) -> set[str]:
    assert dossier is not None
    here = standing(await shop.events(dossier))
    said = {each.event.message.text for each in here.messages.values()}
    return said | {each.reply.text for each in here.replies.values()}


async def seq_of(shop: Shop, dossier: Dossier, event_type: str) -> int:
    return next(entry.seq for entry in reversed(await shop.events(dossier)) if entry.event.type == event_type)


async def two(shop: Shop) -> Dossier:
    """A dossier with an e-mail and a chat, the chat answered and delivered."""
    await shop.writes(text="by mail", subject="Order 4711")
    dossier = await shop.writes(channel="chat", text="by chat", conversation="c")
    await shop.reply(dossier, conversation(dossier, 1), text="answered")
    return await shop.dossier(dossier.id)


async def test_an_unlinked_conversation_gets_a_dossier_of_its_own_with_all_that_was_said(shop: Shop) -> None:
    dossier = await two(shop)
    result = await shop.command(dossier, {"type": "move_conversation", "conversation_id": conversation(dossier, 1)})
    new = await shop.dossier(str(result.to_dossier_id))
    assert await texts(shop, new) == {"by chat", "answered"}
    assert await texts(shop, dossier) == {"by mail"}
    entries = await shop.events(new)
    assert [entry.event.type for entry in entries] == [
        "dossier_opened",
        "conversation_linked",
        "message_linked",
        "reply_linked",
    ]
    originals = {entry.occurred_at for entry in await shop.events(dossier) if entry.event.type == "reply_requested"}
    assert entries[3].occurred_at in originals
    assert {getattr(entry.event, "moved_from", None) for entry in entries[1:]} == {dossier.id}
    source = await shop.view(dossier.id)
    assert (source.messages, len(source.conversations), source.merged_into) == (1, 1, None)
    assert (await shop.writes(channel="chat", conversation="c")).id == new.id


async def test_a_reply_is_not_sent_again_by_a_move_and_its_state_goes_along(shop: Shop) -> None:
    dossier = await two(shop)
    requested = next(e.event for e in await shop.events(dossier) if isinstance(e.event, ReplyRequested))
    target = requested.targets[0]
    reported = DeliveryReported(
        outbound_id=target.outbound_id,
        dossier_id=dossier.id,
        conversation_id=target.conversation.conversation_id,
        state="sent",
        at=shop.now,
    )
    await shop.deliveries(reported)
    result = await shop.command(dossier, {"type": "move_conversation", "conversation_id": conversation(dossier, 1)})
    linked = next(e.event for e in await shop.events(str(result.to_dossier_id)) if isinstance(e.event, ReplyLinked))
    assert linked.states == {target.outbound_id: "sent"}
    assert "reply_requested" not in await shop.types(str(result.to_dossier_id))
    await shop.deliveries(reported.model_copy(update={"state": DeliveryState.READ}))
    assert (await shop.types(str(result.to_dossier_id)))[-1] == "delivery_updated"


async def test_a_dossier_that_everything_leaves_is_closed_and_says_where_to(shop: Shop) -> None:
    hers, his = await shop.writes(CLARA, text="hers"), await shop.writes(STRANGER, text="his")
    move = {"type": "move_conversation", "conversation_id": conversation(his), "to_dossier_id": hers.id}
    await shop.command(his, move)
    view = await shop.view(his.id)
    assert (view.status, view.merged_into, view.messages, view.last_message) == (Status.CLOSED, hers.id, 0, None)
    assert await texts(shop, hers) == {"hers", "his"}
    with pytest.raises(InvalidCommand):
        await shop.command(hers, {**move, "to_dossier_id": hers.id})


async def test_undo_returns_what_was(shop: Shop) -> None:
    hers, his = await shop.writes(CLARA, text="hers"), await shop.writes(STRANGER, text="his", conversation="h")
    await shop.command(his, {"type": "change_status", "status": "waiting"})
    before = await shop.view(his.id)
    move = {"type": "move_conversation", "conversation_id": conversation(his), "to_dossier_id": hers.id}
    await shop.command(his, move)
    await shop.command(hers, {"type": "undo", "seq": await seq_of(shop, hers, "conversation_linked")})
    after = await shop.view(his.id)
    ignored = {"seq", "last_entry_at", "conversations", "unanswered_since"}
    assert after.model_dump(exclude=ignored) == before.model_dump(exclude=ignored)
    assert await texts(shop, his) == {"his"}
    assert await texts(shop, hers) == {"hers"}
    assert (await shop.writes(STRANGER, conversation="h")).id == his.id


async def test_undo_works_from_either_end_and_an_undo_can_be_undone(shop: Shop) -> None:
    hers, his = await shop.writes(CLARA, text="hers"), await shop.writes(STRANGER, text="his")
    move = {"type": "move_conversation", "conversation_id": conversation(his), "to_dossier_id": hers.id}
    await shop.command(his, move)
    await shop.command(his, {"type": "undo", "seq": await seq_of(shop, his, "conversation_unlinked")})
    assert await texts(shop, his) == {"his"}
    await shop.command(his, {"type": "undo", "seq": await seq_of(shop, his, "conversation_linked")})
    assert await texts(shop, hers) == {"hers", "his"}
    assert (await shop.view(his.id)).merged_into == hers.id
    with pytest.raises(NothingToUndo):
        await shop.command(his, {"type": "undo", "seq": await seq_of(shop, his, "conversation_linked")})


async def test_undo_of_an_automatic_link_gives_the_conversation_a_dossier_of_its_own(shop: Shop) -> None:
    dossier = await two(shop)
    linked = next(e.seq for e in reversed(await shop.events(dossier)) if e.event.type == "conversation_linked")
    result = await shop.command(dossier, {"type": "undo", "seq": linked})
    assert await texts(shop, result.to_dossier_id) == {"by chat", "answered"}
    with pytest.raises(NothingToUndo):
        await shop.command(dossier, {"type": "undo", "seq": linked})
    with pytest.raises(NothingToUndo):
        await shop.command(dossier, {"type": "undo", "seq": 2})
    with pytest.raises(NothingToUndo):
        await shop.command(dossier, {"type": "undo", "seq": 1})


async def test_one_message_moves_and_comes_back(shop: Shop) -> None:
    hers = await shop.writes(CLARA, text="other")
    first = shop.message(STRANGER, text="one", conversation="h")
    his = await shop.link(first, shop.message(STRANGER, text="two", conversation="h"))
    await shop.command(his, {"type": "move_message", "message_id": first.message.message_id, "to_dossier_id": hers.id})
    assert await texts(shop, hers) == {"other", "one"}
    assert await texts(shop, his) == {"two"}
    assert len((await shop.view(hers.id)).conversations) == 1
    unlinked = next(e for e in await shop.events(his) if isinstance(e.event, MessageUnlinked))
    await shop.command(his, {"type": "undo", "seq": unlinked.seq})
    assert await texts(shop, his) == {"one", "two"}
    assert (await shop.view(his.id)).messages == 2


async def test_the_only_message_of_a_conversation_takes_it_along(shop: Shop) -> None:
    dossier = await shop.writes(text="by mail")
    alone = shop.message(channel="chat", text="by chat")
    await shop.link(alone)
    result = await shop.command(dossier, {"type": "move_message", "message_id": alone.message.message_id})
    assert len((await shop.view(str(result.to_dossier_id))).conversations) == 1


async def test_a_reply_on_two_conversations_stays_for_the_one_that_stays(shop: Shop) -> None:
    await shop.writes(text="by mail")
    dossier = await shop.writes(channel="chat", text="by chat")
    await shop.reply(dossier, text="both")
    result = await shop.command(dossier, {"type": "move_conversation", "conversation_id": conversation(dossier, 1)})
    assert await texts(shop, dossier) == {"by mail", "both"}
    assert await texts(shop, result.to_dossier_id) == {"by chat", "both"}
    assert (await shop.view(dossier.id)).messages == 2
    await shop.command(dossier, {"type": "undo", "seq": await seq_of(shop, dossier, "conversation_unlinked")})
    assert (await shop.view(dossier.id)).messages == 3  # the reply is one


async def test_a_message_that_went_on_alone_comes_back_though_its_conversation_left_after_it(shop: Shop) -> None:
    first = shop.message(text="one", conversation="t")
    home = await shop.link(first)
    await shop.writes(text="two", conversation="t")
    between, beyond, elsewhere = [await shop.writes(f"customer-{each}") for each in ("p", "q", "r")]
    message = {"type": "move_message", "message_id": first.message.message_id}
    talk = {"type": "move_conversation", "conversation_id": home.view.conversations[0].conversation.conversation_id}
    await shop.command(home, {**message, "to_dossier_id": between.id})
    seq = (await shop.events(home))[-1].seq
    await shop.command(home, {**talk, "to_dossier_id": between.id})
    await shop.command(between, {**message, "to_dossier_id": beyond.id})
    await shop.command(between, {**talk, "to_dossier_id": elsewhere.id})
    await shop.command(home, {"type": "undo", "seq": seq})
    assert (await shop.dossier_with(first.message.message_id)).id == home.id
