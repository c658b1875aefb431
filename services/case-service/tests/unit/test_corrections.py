"""Agents merge, split, relate and take it back; what they took apart no rule puts together again."""

from collections import Counter
from datetime import timedelta

import pytest
from case_scenes.shop import CLARA, STRANGER, TOM, Shop
from case_service.adapters.kafka_publications import records_of
from case_service.domain.dossier import Dossier
from case_service.domain.errors import ConversationNotFound, DossierChanged, InvalidCommand, NothingToUndo
from case_service.domain.parting import parted
from case_service.domain.standing import standing
from case_service.handlers import Commands
from omnifil_contracts.commands import PreviewRequest
from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    DossierView,
    MessageLinked,
    ReplyRequested,
    Status,
)
from omnifil_contracts.identity import Actor
from omnifil_messaging import Outgoing

AMELIE = Actor(kind="agent", id="amelie", name="Amélie Roux")


def conversation(dossier: Dossier, number: int = 0) -> str:
    return dossier.view.conversations[number].conversation.conversation_id


async def texts(shop: Shop, dossier: Dossier | str | None) -> set[str]:
    assert dossier is not None
    here = standing(await shop.events(dossier))
    said = {each.event.message.text for each in here.messages.values()}
    return said | {each.reply.text for each in here.replies.values()}


async def seq_of(shop: Shop, dossier: Dossier | str, event_type: str) -> int:
    return next(entry.seq for entry in reversed(await shop.events(dossier)) if entry.event.type == event_type)


async def published(shop: Shop, dossier: Dossier) -> list[Outgoing]:
    """What the relay hands to the channels of the dossier's newest append."""
    newest = [append for append in shop.timeline.appended if append.dossier_id == dossier.id][-1]
    return [each for each in records_of(newest) if isinstance(each.record, SendMessage)]


async def hers_and_his(shop: Shop) -> tuple[Dossier, Dossier]:
    """A dossier of a mail and a chat, the chat answered; and one of somebody else."""
    await shop.writes(text="by mail", conversation="m")
    hers = await shop.writes(channel="chat", text="by chat", conversation="c")
    await shop.reply(hers, conversation(hers, 1), text="answered")
    his = await shop.writes(STRANGER, text="his", conversation="h")
    return await shop.dossier(hers.id), his


async def split_thread(shop: Shop) -> tuple[Dossier, str]:
    """A thread of two messages and an answer, then two of another matter; the dossier, and what the split opened."""
    await shop.writes(text="one", conversation="t")
    dossier = await shop.writes(text="two", conversation="t")
    await shop.reply(dossier, text="early answer")
    turn = shop.message(text="three", conversation="t")
    await shop.link(turn)
    dossier = await shop.writes(text="four", conversation="t")
    await shop.reply(dossier, text="late answer")
    split = {"conversation_id": conversation(dossier), "from_message_id": turn.message.message_id}
    result = await shop.command(dossier, {"type": "split_conversation", **split})
    return await shop.dossier(dossier.id), str(result.to_dossier_id)


async def test_a_merge_moves_everything_and_closes_the_other(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    await shop.command(hers, {"type": "add_note", "text": "called"})
    await shop.command(hers, {"type": "assign", "agent": TOM.model_dump(mode="json")})
    result = await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    assert result.to_dossier_id == his.id
    assert await texts(shop, his) == {"his", "by mail", "by chat", "answered"}
    source, merged = await shop.view(hers.id), await shop.view(his.id)
    assert (source.status, source.merged_into, source.messages, source.conversations) == (Status.CLOSED, his.id, 0, ())
    assert (merged.messages, len(merged.conversations), merged.assigned_to) == (4, 3, None)
    assert source.assigned_to == TOM, "who held it is said where it was"
    types = await shop.types(his)
    assert types.count("note_added") == 0
    assert types[types.index("dossier_merged") + 1] == "conversation_linked"


async def test_after_a_merge_each_conversation_is_answered_on_its_own_channel(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    await shop.reply(his, text="to all")
    requested = next(e.event for e in reversed(await shop.events(his)) if isinstance(e.event, ReplyRequested))
    assert sorted((each.conversation.channel, each.recipient.value) for each in requested.targets) == [
        ("chat", f"{CLARA}@mail.example"),
        ("email", f"{CLARA}@mail.example"),
        ("email", f"{STRANGER}@mail.example"),
    ]
    sent = await published(shop, his)
    assert Counter(each.topic for each in sent) == {"outbound.email.v1": 2, "outbound.chat.v1": 1}
    assert (await shop.writes(channel="chat", text="thanks", conversation="c")).id == his.id


async def test_a_merge_is_taken_back_with_what_was_written_since(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    result = await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    shop.later(days=21)
    await shop.writes(channel="chat", text="weeks later", conversation="c")
    await shop.writes(STRANGER, text="his again", conversation="h")
    await shop.command(hers, {"type": "undo", "seq": result.seq})
    assert await texts(shop, hers) == {"by mail", "by chat", "answered", "weeks later"}
    assert await texts(shop, his) == {"his", "his again"}
    source = await shop.view(hers.id)
    assert (source.status, source.merged_into) == (Status.WAITING, None)
    assert source.unanswered_since is not None
    with pytest.raises(NothingToUndo):
        await shop.command(hers, {"type": "undo", "seq": result.seq})


async def test_a_merge_is_taken_back_from_where_it_went_and_that_again(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    await shop.command(his, {"type": "undo", "seq": await seq_of(shop, his, "dossier_merged")})
    assert await texts(shop, hers) == {"by mail", "by chat", "answered"}
    await shop.command(his, {"type": "undo", "seq": await seq_of(shop, his, "dossier_unmerged")})
    assert await texts(shop, his) == {"his", "by mail", "by chat", "answered"}
    assert (await shop.view(hers.id)).merged_into == his.id


async def test_a_merge_of_a_merge_is_taken_back_through_both(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    third = await shop.writes("customer-third", text="third", conversation="z")
    first = await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    await shop.command(his, {"type": "merge_dossier", "into_dossier_id": third.id})
    await shop.command(hers, {"type": "undo", "seq": first.seq})
    assert await texts(shop, hers) == {"by mail", "by chat", "answered"}
    assert await texts(shop, third) == {"third", "his"}


async def test_what_is_merged_or_merged_into_cannot_be_merged_again(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    third = await shop.writes("customer-third", conversation="z")
    await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    for source, into in ((his, hers), (hers, third), (hers, his)):
        with pytest.raises(DossierChanged):
            await shop.command(source, {"type": "merge_dossier", "into_dossier_id": into.id})
    with pytest.raises(InvalidCommand):
        await shop.command(his, {"type": "merge_dossier", "into_dossier_id": his.id})


async def test_what_is_merged_gets_no_status_of_its_own(shop: Shop) -> None:
    """Somebody who has not seen the merge would make an empty dossier live again, and what comes next went there."""
    hers, his = await hers_and_his(shop)
    await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    with pytest.raises(DossierChanged, match=his.id):
        await shop.command(hers, {"type": "change_status", "status": "open"}, agent=TOM)
    assert (await shop.view(hers.id)).merged_into == his.id


async def test_two_messages_of_each_others_conversations_are_answered_where_they_were_moved(shop: Shop) -> None:
    """Each came in one conversation and was part of the other: who looks where they are now finds an end."""
    lamp = await shop.writes(text="lamp", conversation="lamp")
    chair = await shop.writes(text="chair", conversation="chair")
    tokens = {}
    for each in (lamp, chair):
        await shop.reply(each)
        requested = next(e.event for e in reversed(await shop.events(each)) if isinstance(e.event, ReplyRequested))
        tokens[each.id] = requested.targets[0].reference
    of_chair = shop.message(text="?", conversation="lamp", references=(tokens[chair.id],))
    of_lamp = shop.message(text="!", conversation="chair", references=(tokens[lamp.id],))
    assert ((await shop.link(of_chair)).id, (await shop.link(of_lamp)).id) == (chair.id, lamp.id)
    moved = await shop.command(chair, {"type": "move_message", "message_id": of_chair.message.message_id})
    target = {"message_id": of_lamp.message.message_id, "to_dossier_id": moved.to_dossier_id}
    await shop.command(lamp, {"type": "move_message", **target})
    answer = await shop.writes(text="and now?", ancestors=(of_chair.message.provider_message_id,))
    assert answer.customer_id == CLARA


async def test_a_live_dossier_that_waits_opens_what_it_is_merged_into(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    await shop.writes(text="still waiting", conversation="m")
    await shop.command(his, {"type": "change_status", "status": "closed"})
    await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    assert (await shop.view(his.id)).status is Status.REOPENED


async def test_a_split_takes_the_later_part_and_the_thread_goes_on_there(shop: Shop) -> None:
    dossier, new = await split_thread(shop)
    assert await texts(shop, dossier) == {"one", "two", "early answer"}
    assert await texts(shop, new) == {"three", "four", "late answer"}
    assert (await shop.view(dossier.id)).messages == 3
    assert (await shop.writes(text="five", conversation="t")).id == new
    unlinked = next(e.event for e in await shop.events(dossier) if isinstance(e.event, ConversationUnlinked))
    assert unlinked.since_message_id is not None
    assert unlinked.messages == 3


async def test_a_split_is_taken_back_and_that_again(shop: Shop) -> None:
    dossier, new = await split_thread(shop)
    await shop.writes(text="five", conversation="t")
    await shop.command(dossier, {"type": "undo", "seq": await seq_of(shop, dossier, "conversation_unlinked")})
    assert await texts(shop, dossier) == {"one", "two", "early answer", "three", "four", "late answer", "five"}
    assert (await shop.view(new)).merged_into == dossier.id
    await shop.command(dossier, {"type": "undo", "seq": await seq_of(shop, dossier, "conversation_linked")})
    assert await texts(shop, dossier) == {"one", "two", "early answer"}
    assert await texts(shop, new) == {"three", "four", "late answer", "five"}


async def test_what_a_split_left_is_merged_too_and_comes_back(shop: Shop) -> None:
    dossier, _ = await split_thread(shop)
    his = await shop.writes(STRANGER, text="his", conversation="h")
    result = await shop.command(dossier, {"type": "merge_dossier", "into_dossier_id": his.id})
    assert await texts(shop, his) == {"his", "one", "two", "early answer"}
    assert (await shop.view(dossier.id)).messages == 0
    await shop.command(dossier, {"type": "undo", "seq": result.seq})
    assert await texts(shop, dossier) == {"one", "two", "early answer"}
    assert await texts(shop, his) == {"his"}


async def test_a_split_at_a_message_of_another_conversation_is_refused(shop: Shop) -> None:
    hers, _ = await hers_and_his(shop)
    other = next(e.event for e in await shop.events(hers) if isinstance(e.event, MessageLinked))
    split = {"conversation_id": conversation(hers, 1), "from_message_id": other.message.message_id}
    with pytest.raises(InvalidCommand):
        await shop.command(hers, {"type": "split_conversation", **split})


async def test_two_people_are_told_apart_message_by_message(shop: Shop) -> None:
    await shop.writes(text="hers", conversation="shared")
    his = shop.message(text="his", conversation="shared")
    dossier = await shop.link(his)
    move = {"type": "move_message", "message_id": his.message.message_id, "to_customer_id": STRANGER}
    result = await shop.command(dossier, move)
    assert (await shop.view(str(result.to_dossier_id))).customer_id == STRANGER
    assert await texts(shop, result.to_dossier_id) == {"his"}
    await shop.command(dossier, {"type": "undo", "seq": await seq_of(shop, dossier, "message_unlinked")})
    assert await texts(shop, dossier) == {"hers", "his"}
    with pytest.raises(InvalidCommand):
        await shop.command(dossier, {**move, "to_dossier_id": dossier.id})


async def test_related_dossiers_both_say_so_and_move_nothing(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    for _ in range(2):  # once is enough
        await shop.command(hers, {"type": "relate_dossier", "dossier_id": his.id})
    assert [each.dossier_id for each in (await shop.view(hers.id)).related] == [his.id]
    assert [each.number for each in (await shop.view(his.id)).related] == [hers.view.number]
    await shop.command(his, {"type": "undo", "seq": await seq_of(shop, his, "dossier_related")})
    assert (await shop.view(hers.id)).related == (await shop.view(his.id)).related == ()
    await shop.command(hers, {"type": "undo", "seq": await seq_of(shop, hers, "dossier_unrelated")})
    await shop.command(hers, {"type": "unrelate_dossier", "dossier_id": his.id})
    assert (await shop.view(his.id)).related == ()


async def test_who_has_not_seen_anothers_move_is_told_what_has_happened(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    seen = hers.seq
    await shop.command(hers, {"type": "add_note", "text": "no move"}, agent=TOM)
    await shop.writes(text="and a message", conversation="m")
    await shop.command(hers, {"type": "relate_dossier", "dossier_id": his.id}, seen_seq=seen)
    move = {"type": "move_conversation", "conversation_id": conversation(hers, 1)}
    await shop.command(hers, move, agent=TOM, seen_seq=(await shop.dossier(hers.id)).seq)
    with pytest.raises(DossierChanged) as refused:
        await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id}, seen_seq=seen)
    assert [entry.event.type for entry in refused.value.entries] == ["conversation_unlinked"]
    with pytest.raises(ConversationNotFound):
        await shop.command(hers, move)
    current = (await shop.dossier(hers.id)).seq
    await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id}, seen_seq=current)


async def test_what_an_agent_parted_a_rule_does_not_join_again(shop: Shop) -> None:
    dossier = await shop.writes(text="by mail", conversation="m")
    await shop.writes(text="by chat", channel="chat", conversation="c")
    chat = conversation(await shop.dossier(dossier.id), 1)
    result = await shop.command(dossier, {"type": "move_conversation", "conversation_id": chat})
    moved = await shop.dossier(str(result.to_dossier_id))
    assert parted(await shop.dossier(dossier.id), chat)
    assert parted(moved, conversation(dossier))
    # Long closed, the chat would go on in the customer's one live dossier.
    await shop.command(moved, {"type": "change_status", "status": "closed"})
    shop.later(days=30)
    await shop.writes(text="still here", conversation="m")
    onward = await shop.writes(text="again", channel="chat", conversation="c")
    assert onward.id not in (dossier.id, moved.id)
    linked = next(e.event for e in await shop.events(onward) if isinstance(e.event, ConversationLinked))
    assert linked.because.rule == "follow-up"
    assert linked.parted_from == (conversation(dossier),), "it remembers wherever it goes"
    # An agent may.
    await shop.command(onward, {"type": "move_conversation", "conversation_id": chat, "to_dossier_id": dossier.id})
    assert not parted(await shop.dossier(moved.id), conversation(dossier))
    assert not (await shop.dossier(dossier.id)).memory.parted


async def test_a_message_that_a_rule_put_into_another_conversation_takes_its_own_along(shop: Shop) -> None:
    """A mail that answers another but begins a thread of its own: what follows it goes where the agent moved it."""
    first = shop.message(text="one", conversation="t", provider_message_id="<one@mail.example>")
    dossier = await shop.link(first)
    stray = shop.message(text="other matter", conversation="u", ancestors=("<one@mail.example>",))
    assert (await shop.link(stray)).id == dossier.id
    result = await shop.command(dossier, {"type": "move_message", "message_id": stray.message.message_id})
    new = await shop.dossier(str(result.to_dossier_id))
    again = await shop.writes(text="and", conversation="u", ancestors=("<one@mail.example>",))
    assert again.id == new.id
    assert parted(await shop.dossier(dossier.id), conversation(new))
    assert await texts(shop, dossier) == {"one"}
    await shop.command(dossier, {"type": "undo", "seq": await seq_of(shop, dossier, "message_unlinked")})
    assert await texts(shop, dossier) == {"one", "other matter", "and"}
    assert (await shop.view(new.id)).merged_into == dossier.id
    assert (await shop.writes(text="more", conversation="u")).id == dossier.id


async def test_a_merge_by_an_agent_forgives_what_was_parted(shop: Shop) -> None:
    hers, his = await hers_and_his(shop)
    result = await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    await shop.command(hers, {"type": "undo", "seq": result.seq})
    assert parted(await shop.dossier(hers.id), conversation(his))
    await shop.command(hers, {"type": "merge_dossier", "into_dossier_id": his.id})
    assert not (await shop.dossier(his.id)).memory.parted


@pytest.mark.parametrize("kind", ["merge", "split", "move_conversation", "move_message", "relate", "undo"])
async def test_a_preview_shows_what_the_command_then_does_and_changes_nothing(shop: Shop, kind: str) -> None:
    hers, his = await hers_and_his(shop)
    first = next(e.event for e in await shop.events(hers) if isinstance(e.event, MessageLinked))
    commands: dict[str, dict[str, object]] = {
        "merge": {"type": "merge_dossier", "into_dossier_id": his.id},
        "split": {
            "type": "split_conversation",
            "conversation_id": first.conversation_id,
            "from_message_id": first.message.message_id,
        },
        "move_conversation": {"type": "move_conversation", "conversation_id": first.conversation_id},
        "move_message": {"type": "move_message", "message_id": first.message.message_id, "to_dossier_id": his.id},
        "relate": {"type": "relate_dossier", "dossier_id": his.id},
        "undo": {"type": "undo", "seq": await seq_of(shop, hers, "conversation_linked")},
    }
    said = commands[kind]
    previewing = Commands(shop.timeline, shop.policy, shop.minting, lambda: shop.now + timedelta(seconds=1))
    before = len(shop.timeline.appended)
    preview = await previewing.preview(hers.id, PreviewRequest.model_validate({"command": said}), AMELIE)
    assert len(shop.timeline.appended) == before
    result = await shop.command(hers, said)
    assert preview.from_dossier == await shop.view(hers.id)
    there: DossierView = await shop.view(str(result.to_dossier_id))
    assert preview.to_dossier == there
    came = [
        each
        for append in shop.timeline.appended[before:]
        for each in append.entries
        if append.dossier_id == there.dossier_id
    ]
    assert preview.messages == sum(each.event.type == "message_linked" for each in came)
    assert preview.replies == sum(each.event.type == "reply_linked" for each in came)
    assert preview.opens == any(each.event.type == "dossier_opened" for each in came)
    assert preview.empties_source == ((await shop.view(hers.id)).merged_into is not None)
    assert preview.other_customer == (there.customer_id != CLARA)
    assert {each.conversation.conversation_id for each in preview.conversations} <= {
        each.conversation.conversation_id for each in there.conversations
    }
    assert len(preview.conversations) == sum(each.event.type == "conversation_linked" for each in came)


async def test_a_preview_of_what_moves_nothing_is_refused(shop: Shop) -> None:
    hers, _ = await hers_and_his(shop)
    commands = Commands(shop.timeline, shop.policy, shop.minting, lambda: shop.now)
    note = PreviewRequest.model_validate({"command": {"type": "add_note", "text": "n"}})
    with pytest.raises(InvalidCommand):
        await commands.preview(hers.id, note, AMELIE)
