"""What agents do: replies, notes, status, assignment; each once, whatever is repeated."""

from datetime import timedelta

import pytest
from case_scenes.shop import AMELIE, CLARA, STRANGER, TOM, Shop
from case_service.domain.dossier import Dossier
from case_service.domain.errors import (
    ConversationNotFound,
    DossierNotFound,
    InvalidCommand,
    ReplyConflict,
    SuggestionResolvedAlready,
    WindowExpired,
)
from case_service.handlers import Messages
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import DeliveryState, ReplyRequested, ReplyTarget, Status
from omnifil_contracts.identity import Because, Identity
from omnifil_contracts.message import CustomerSuggestion, Participant


async def targets(shop: Shop, dossier: Dossier) -> tuple[ReplyTarget, ...]:
    requested = [e.event for e in await shop.events(dossier) if isinstance(e.event, ReplyRequested)]
    return requested[-1].targets


async def test_a_reply_goes_out_on_all_its_conversations_at_once(shop: Shop) -> None:
    copied = Participant(identity=Identity(kind="email", value="tante@mail.example"), role="cc")
    dossier = await shop.writes(
        subject="Order 4711", provider_message_id="<b@x>", ancestors=("<a@x>",), participants=(copied,)
    )
    dossier = await shop.writes(channel="chat")
    result = await shop.reply(dossier)
    by_email, by_chat = await targets(shop, dossier)
    assert (by_email.subject, by_chat.subject) == ("Re: Order 4711", None)
    assert by_email.in_reply_to == "<b@x>"
    assert by_email.ancestors[0] == "<b@x>"
    assert by_email.recipient == dossier.view.conversations[0].identity
    assert by_email.copies == (copied,)
    assert by_email.outbound_id != by_chat.outbound_id
    assert by_email.reference != by_chat.reference
    view = await shop.view(dossier.id)
    assert (view.status, view.unanswered_since, view.seq) == (Status.WAITING, None, result.seq)
    assert view.last_message is not None
    assert view.last_message.author == "company"


async def test_the_same_command_twice_takes_effect_once_and_gets_the_same_answer(shop: Shop) -> None:
    dossier = await shop.writes()
    first = await shop.reply(dossier, command_id="command-1")
    assert await shop.reply(dossier, command_id="command-1", text="something else") == first
    assert (await shop.types(dossier)).count("reply_requested") == 1


async def test_a_reply_that_another_agent_sent_meanwhile_stops_mine(shop: Shop) -> None:
    dossier = await shop.writes()
    await shop.reply(dossier, agent=TOM)
    with pytest.raises(ReplyConflict) as conflict:
        await shop.reply(dossier, agent=AMELIE, seen_seq=dossier.seq)
    assert [entry.actor for entry in conflict.value.entries] == [TOM]
    await shop.reply(dossier, agent=TOM, seen_seq=dossier.seq)
    await shop.reply(dossier, agent=AMELIE)


async def test_a_closed_window_refuses_the_whole_reply_and_says_until_when_it_was_open(shop: Shop) -> None:
    until = shop.now + timedelta(hours=24)
    dossier = await shop.writes(channel="social", reply_window_ends_at=until)
    dossier = await shop.writes(channel="chat")
    shop.later(hours=25)
    with pytest.raises(WindowExpired) as expired:
        await shop.reply(dossier)
    assert expired.value.expired_at == until
    assert expired.value.conversation_id == dossier.view.conversations[0].conversation.conversation_id
    assert "reply_requested" not in await shop.types(dossier)
    await shop.reply(dossier, dossier.view.conversations[1].conversation.conversation_id)


async def test_a_reply_elsewhere_than_in_the_dossier_is_refused(shop: Shop) -> None:
    dossier = await shop.writes()
    other = await shop.writes(STRANGER)
    with pytest.raises(ConversationNotFound):
        await shop.reply(dossier, other.view.conversations[0].conversation.conversation_id)
    with pytest.raises(DossierNotFound):
        await shop.command("no-such", {"type": "add_note", "text": "x"})
    with pytest.raises(InvalidCommand):
        await shop.reply(dossier, text="  ")


async def test_notes_status_and_assignment(shop: Shop) -> None:
    dossier = await shop.writes()
    await shop.command(dossier, {"type": "add_note", "text": "calls on Monday"})
    await shop.command(dossier, {"type": "assign", "agent": TOM.model_dump()})
    nothing = await shop.command(dossier, {"type": "assign", "agent": TOM.model_dump()})
    await shop.command(dossier, {"type": "change_status", "status": "closed"})
    view = await shop.view(dossier.id)
    assert (view.assigned_to, view.status, view.unanswered_since) == (TOM, Status.CLOSED, None)
    assert nothing.seq == view.seq - 1
    await shop.command(dossier, {"type": "unassign"})
    assert (await shop.view(dossier.id)).assigned_to is None


def report(
    shop: Shop, dossier: Dossier, target: ReplyTarget, state: str, provider_message_id: str | None = None
) -> DeliveryReported:
    return DeliveryReported(
        outbound_id=target.outbound_id,
        dossier_id=dossier.id,
        conversation_id=target.conversation.conversation_id,
        state=DeliveryState(state),
        at=shop.now,
        provider_message_id=provider_message_id,
    )


async def test_delivery_states_never_go_backwards(shop: Shop) -> None:
    dossier = await shop.writes()
    await shop.reply(dossier)
    (target,) = await targets(shop, dossier)
    await shop.deliveries(*(report(shop, dossier, target, each) for each in ("sent", "read", "delivered", "read")))
    await shop.deliveries(report(shop, dossier, target, "failed"), report(shop, dossier, target, "sent"))
    states = [e.event.state for e in await shop.events(dossier) if e.event.type == "delivery_updated"]
    assert states == [DeliveryState.SENT, DeliveryState.READ]


async def test_what_was_sent_after_a_failure_counts_and_a_repetition_of_both_does_not(shop: Shop) -> None:
    dossier = await shop.writes()
    await shop.reply(dossier)
    (target,) = await targets(shop, dossier)
    states = ("sent", "failed", "sent", "delivered", "failed")
    for state in states:
        await shop.deliveries(report(shop, dossier, target, state))
    seen = [e.event.state.value for e in await shop.events(dossier) if e.event.type == "delivery_updated"]
    assert seen == ["sent", "failed", "delivered"]


async def test_the_echo_of_our_own_reply_is_not_a_message(shop: Shop) -> None:
    dossier = await shop.writes(channel="social", conversation="psid")
    await shop.reply(dossier)
    (target,) = await targets(shop, dossier)
    await shop.deliveries(report(shop, dossier, target, "sent", provider_message_id="mid.1"))
    seq = (await shop.view(dossier.id)).seq
    await shop.link(
        shop.message(channel="social", conversation="psid", direction="echo", provider_message_id="mid.0"),
    )
    echo = shop.message(channel="social", conversation="psid", direction="echo", provider_message_id="mid.1")
    await Messages(shop.timeline, shop.policy, shop.minting, lambda: shop.now).link([echo])
    assert (await shop.view(dossier.id)).seq == seq + 1


async def test_an_answer_to_our_sent_message_is_known_by_its_provider_id(shop: Shop) -> None:
    dossier = await shop.writes()
    await shop.reply(dossier)
    (target,) = await targets(shop, dossier)
    await shop.deliveries(report(shop, dossier, target, "sent", provider_message_id="<ours@shop>"))
    shop.later(days=60)
    back = await shop.writes(ancestors=("<ours@shop>",))
    assert back.id == dossier.id
    await shop.reply(back, back.view.conversations[0].conversation.conversation_id)
    (target,) = await targets(shop, dossier)
    assert "<ours@shop>" in target.ancestors


async def suggested(shop: Shop, *, linkable: bool) -> tuple[Dossier, Dossier, str]:
    hers = await shop.writes(CLARA)
    suggestion = CustomerSuggestion(
        customer_id=CLARA,
        display_name="Clara Martin",
        identity=Identity(kind="visitor", value="v-1"),
        linkable=linkable,
        because=Because(rule="claimed-address"),
    )
    his = await shop.writes(STRANGER, channel="chat", suggestions=(suggestion,))
    return hers, his, his.view.suggestions[0].suggestion_id


async def test_accepting_same_matter_moves_the_conversation(shop: Shop) -> None:
    hers, his, suggestion_id = await suggested(shop, linkable=False)
    accept = {"type": "resolve_suggestion", "suggestion_id": suggestion_id, "accept": True}
    result = await shop.command(his, accept)
    assert result.to_dossier_id == hers.id
    view = await shop.view(hers.id)
    assert len(view.conversations) == 2
    assert view.conversations[1].because.evidence[0].code == "suggestion-accepted"
    assert (await shop.view(his.id)).merged_into == hers.id
    await shop.command(his, accept)
    with pytest.raises(SuggestionResolvedAlready):
        await shop.command(his, {**accept, "accept": False})


async def test_a_suggestion_whose_conversation_has_left_cannot_be_accepted_here(shop: Shop) -> None:
    """It would be noted as accepted, and nothing would have happened."""
    _, his, suggestion_id = await suggested(shop, linkable=False)
    gone = his.view.conversations[0].conversation.conversation_id
    await shop.command(his, {"type": "move_conversation", "conversation_id": gone})
    seq = (await shop.dossier(his.id)).seq
    with pytest.raises(ConversationNotFound):
        await shop.command(his, {"type": "resolve_suggestion", "suggestion_id": suggestion_id, "accept": True})
    assert (await shop.dossier(his.id)).seq == seq


async def test_a_person_who_was_confirmed_stays_confirmed_though_another_agent_moved_something(shop: Shop) -> None:
    """The handle is linked by the time that the dossier is told: to refuse it then would deny what was done."""
    hers, his, suggestion_id = await suggested(shop, linkable=True)
    await shop.command(his, {"type": "relate_dossier", "dossier_id": hers.id}, agent=TOM)
    accept = {"type": "resolve_suggestion", "suggestion_id": suggestion_id, "accept": True}
    await shop.command(his, accept, seen_seq=his.seq)
    assert (await shop.view(his.id)).suggestions == ()


async def test_refusing_a_suggestion_only_takes_it_away(shop: Shop) -> None:
    hers, his, suggestion_id = await suggested(shop, linkable=True)
    await shop.command(his, {"type": "resolve_suggestion", "suggestion_id": suggestion_id, "accept": False})
    assert (await shop.view(his.id)).suggestions == ()
    assert (await shop.dossier(hers.id)).seq == hers.seq
    again = await shop.writes(STRANGER, channel="chat", suggestions=())
    assert again.view.suggestions == ()
