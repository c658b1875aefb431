"""Which dossier a message goes to, and why."""

import pytest
from case_scenes.shop import CLARA, STRANGER, Shop
from omnifil_contracts.dossier import MessageLinked, ReplyRequested, Status, TimelineEntry
from omnifil_contracts.identity import Assurance, AssuredIdentity, Because, Identity
from omnifil_contracts.message import CustomerSuggestion, Participant


def last_link(entries: list[TimelineEntry]) -> MessageLinked:
    return next(entry.event for entry in reversed(entries) if isinstance(entry.event, MessageLinked))


def rule(entries: list[TimelineEntry]) -> str:
    return last_link(entries).because.rule


def codes(entries: list[TimelineEntry]) -> list[str]:
    return [evidence.code for evidence in last_link(entries).because.evidence]


async def test_the_first_message_opens_a_dossier(shop: Shop) -> None:
    dossier = await shop.writes(subject="Re: Order 4711 has not arrived", text="Where is it?")
    assert await shop.types(dossier) == ["dossier_opened", "conversation_linked", "message_linked"]
    assert dossier.view.subject == "Order 4711 has not arrived"
    assert dossier.view.unanswered_since == shop.now
    assert rule(await shop.events(dossier)) == "new"
    assert codes(await shop.events(dossier)) == ["first-contact"]


async def test_the_same_message_again_has_no_effect(shop: Shop) -> None:
    message = shop.message()
    dossier = await shop.link(message)
    assert (await shop.link(message)).seq == dossier.seq
    assert (await shop.link(message, message)).seq == dossier.seq


async def test_an_answer_in_the_thread_joins_its_dossier(shop: Shop) -> None:
    first = shop.message(provider_message_id="<a@x>")
    dossier = await shop.link(first)
    joined = await shop.writes(conversation="<other-root@x>", ancestors=("<a@x>",))
    assert joined.id == dossier.id
    assert len(joined.view.conversations) == 1
    assert codes(await shop.events(joined)) == ["answers-message", "same-customer"]


async def test_a_conversation_that_came_under_another_name_is_known_by_both(shop: Shop) -> None:
    dossier = await shop.writes(provider_message_id="<a@x>", conversation="one")
    await shop.writes(conversation="two", ancestors=("<a@x>",))
    shop.later(days=60)
    joined = await shop.writes(conversation="two")
    assert joined.id == dossier.id
    assert rule(await shop.events(joined)) == "thread"


async def test_another_channel_of_the_same_customer_joins_the_one_live_dossier(shop: Shop) -> None:
    dossier = await shop.writes()
    shop.later(seconds=20)
    joined = await shop.writes(channel="chat")
    assert joined.id == dossier.id
    assert [each.conversation.channel for each in joined.view.conversations] == ["email", "chat"]
    assert codes(await shop.events(joined)) == ["one-live-dossier", "same-customer", "recent", "says-little", "score"]


async def test_an_unproven_sender_never_joins_by_being_the_same_customer(shop: Shop) -> None:
    dossier = await shop.writes(CLARA)
    shop.later(minutes=1)
    other = await shop.writes(CLARA, assured=False)
    assert other.id != dossier.id
    assert codes(await shop.events(other)) == ["not-assured"]


async def test_after_the_window_a_new_dossier_opens(shop: Shop) -> None:
    dossier = await shop.writes()
    shop.later(days=15)
    other = await shop.writes(channel="chat")
    assert other.id != dossier.id
    assert codes(await shop.events(other)) == ["outside-window"]
    assert (other.memory.ordinal, dossier.memory.ordinal) == (2, 1)


async def test_of_several_live_dossiers_the_order_number_decides(shop: Shop) -> None:
    first = await shop.writes(subject="Order 4711 is late")
    shop.later(days=15)
    second = await shop.writes(subject="Invoice 2026-17", text="The invoice no. 99120 is wrong, order 5555")
    await shop.writes(text="still waiting", conversation=first.view.conversations[0].conversation.key)
    joined = await shop.writes(channel="chat", text="Any news of commande n° 4711?")
    assert joined.id == first.id
    assert codes(await shop.events(joined))[0] == "same-reference"
    alone = await shop.writes(channel="social", text="Hello?")
    assert alone.id not in (first.id, second.id)
    assert codes(await shop.events(alone)) == ["several-live-dossiers", "score"]


async def test_a_message_reopens_what_was_closed_recently(shop: Shop) -> None:
    dossier = await shop.writes(conversation="thread")
    await shop.command(dossier, {"type": "change_status", "status": "closed"})
    shop.later(days=3)
    again = await shop.writes(conversation="thread")
    assert again.id == dossier.id
    assert again.view.status is Status.REOPENED
    await shop.command(dossier, {"type": "change_status", "status": "closed"})
    by_customer = await shop.writes(channel="chat")
    assert by_customer.id == dossier.id
    assert codes(await shop.events(by_customer))[0] == "recently-closed"


async def test_later_a_new_dossier_follows_the_closed_one_and_takes_the_conversation_on(shop: Shop) -> None:
    closed = await shop.writes(conversation="thread")
    await shop.command(closed, {"type": "change_status", "status": "closed"})
    shop.later(days=15)
    follow_up = await shop.writes(conversation="thread")
    assert follow_up.view.follows == closed.id
    assert rule(await shop.events(follow_up)) == "follow-up"
    before = await shop.dossier(closed.id)
    assert before.view.messages == 1
    assert before.view.conversations == ()
    assert (await shop.writes(conversation="thread")).id == follow_up.id


async def test_a_conversation_of_a_long_closed_dossier_goes_on_in_the_live_one(shop: Shop) -> None:
    closed = await shop.writes(channel="social", conversation="psid")
    await shop.command(closed, {"type": "change_status", "status": "closed"})
    shop.later(days=20)
    live = await shop.writes(channel="email")
    joined = await shop.writes(channel="social", conversation="psid")
    assert joined.id == live.id
    assert len(joined.view.conversations) == 2


async def test_an_inbound_message_ends_the_waiting(shop: Shop) -> None:
    dossier = await shop.writes(conversation="thread")
    await shop.reply(dossier)
    assert (await shop.view(dossier.id)).status is Status.WAITING
    assert (await shop.view(dossier.id)).unanswered_since is None
    again = await shop.writes(conversation="thread")
    assert again.view.status is Status.OPEN
    assert again.view.unanswered_since == shop.now


async def test_our_reference_brings_an_answer_back_even_without_the_thread(shop: Shop) -> None:
    dossier = await shop.writes()
    await shop.writes(channel="chat", conversation="elsewhere")
    await shop.reply(dossier, dossier.view.conversations[0].conversation.conversation_id)
    requested = [e.event for e in await shop.events(dossier) if isinstance(e.event, ReplyRequested)]
    reference = requested[0].targets[0].reference
    shop.later(days=60)
    back = await shop.writes(references=(f"support+{reference}",))
    assert back.id == dossier.id
    assert rule(await shop.events(back)) == "token"
    assert codes(await shop.events(back)) == ["token-intact", "same-customer"]


async def test_a_forged_reference_is_no_reference(shop: Shop) -> None:
    dossier = await shop.writes()
    await shop.reply(dossier)
    requested = [e.event for e in await shop.events(dossier) if isinstance(e.event, ReplyRequested)]
    reference = requested[0].targets[0].reference
    forged = reference[:-2] + ("aa" if reference[-2:] != "aa" else "bb")
    shop.later(days=60)
    other = await shop.writes(references=(forged,))
    assert other.id != dossier.id


async def test_a_stranger_who_holds_our_reference_does_not_enter_the_dossier(shop: Shop) -> None:
    dossier = await shop.writes(CLARA)
    await shop.reply(dossier)
    requested = [e.event for e in await shop.events(dossier) if isinstance(e.event, ReplyRequested)]
    other = await shop.writes(STRANGER, references=(requested[0].targets[0].reference,))
    assert other.id != dossier.id
    suggestion = other.view.suggestions[0]
    assert (suggestion.kind, suggestion.dossier_id) == ("same-matter", dossier.id)
    assert [each.code for each in suggestion.because.evidence] == ["token-intact", "not-a-participant"]


async def test_a_stranger_who_quotes_a_message_id_does_not_enter_the_dossier(shop: Shop) -> None:
    dossier = await shop.writes(CLARA, provider_message_id="<a@x>", conversation="root")
    for assured in (True, False):
        other = await shop.writes(STRANGER, assured=assured, conversation="root", ancestors=("<a@x>",))
        assert other.id != dossier.id
        assert other.customer_id == STRANGER
        assert other.view.suggestions[0].dossier_id == dossier.id
    assert (await shop.dossier(dossier.id)).seq == dossier.seq


async def test_a_stranger_who_quotes_a_number_does_not_enter_the_dossier(shop: Shop) -> None:
    dossier = await shop.writes(CLARA, subject="Order 4711")
    other = await shop.writes(STRANGER, subject=f"{dossier.view.number}: order 4711")
    assert other.id != dossier.id


async def test_the_stranger_in_a_thread_gets_a_conversation_of_his_own_that_goes_on(shop: Shop) -> None:
    dossier = await shop.writes(CLARA, conversation="root")
    first = await shop.writes(STRANGER, conversation="root")
    second = await shop.writes(STRANGER, conversation="root", assured=True)
    assert first.id == second.id != dossier.id
    assert len(second.view.conversations) == 1
    assert second.view.conversations[0].conversation.key == "root"
    assert (await shop.writes(CLARA, conversation="root")).id == dossier.id


async def test_the_legitimate_thread_survives_an_impostor_who_claimed_its_root(shop: Shop) -> None:
    dossier = await shop.writes(CLARA, provider_message_id="<a@x>", conversation="own")
    await shop.writes(STRANGER, conversation="root", ancestors=("<a@x>",))
    joined = await shop.writes(CLARA, conversation="root", ancestors=("<a@x>",))
    assert joined.id == dossier.id


async def test_a_person_in_copy_who_is_proven_takes_part(shop: Shop) -> None:
    copied = Participant(identity=Identity(kind="email", value="tante@mail.example"), role="cc")
    dossier = await shop.writes(CLARA, conversation="root", participants=(copied,))
    joined = await shop.writes("customer-tante", handle="tante@mail.example", conversation="root")
    assert joined.id == dossier.id
    assert joined.customer_id == CLARA
    assert codes(await shop.events(joined)) == ["same-conversation", "known-participant"]


async def test_a_person_in_copy_whose_address_is_only_claimed_does_not(shop: Shop) -> None:
    copied = Participant(identity=Identity(kind="email", value="tante@mail.example"), role="cc")
    dossier = await shop.writes(CLARA, conversation="root", participants=(copied,))
    claimed = AssuredIdentity(identity=Identity(kind="email", value="tante@mail.example"), assurance=Assurance.CLAIMED)
    other = await shop.writes(
        "customer-tante", handle="tante@mail.example", conversation="root", assured=False, others=(claimed,)
    )
    assert other.id != dossier.id


def typed_address(shop_customer: str = CLARA, *, linkable: bool = True) -> CustomerSuggestion:
    return CustomerSuggestion(
        customer_id=shop_customer,
        display_name="Clara Martin",
        identity=Identity(kind="visitor", value="v-1"),
        linkable=linkable,
        because=Because(rule="claimed-address"),
    )


@pytest.mark.parametrize(("linkable", "kind"), [(True, "same-customer"), (False, "same-matter")])
async def test_who_types_her_address_gets_his_own_dossier_and_the_agent_a_suggestion(
    shop: Shop, linkable: bool, kind: str
) -> None:
    hers = await shop.writes(CLARA)
    his = await shop.writes(STRANGER, channel="chat", suggestions=(typed_address(linkable=linkable),))
    assert his.id != hers.id
    assert his.customer_id == STRANGER
    suggestion = his.view.suggestions[0]
    assert (suggestion.kind, suggestion.customer_id, suggestion.dossier_id) == (kind, CLARA, hers.id)
    assert (await shop.dossier(hers.id)).seq == hers.seq


async def test_a_suggestion_is_made_once(shop: Shop) -> None:
    await shop.writes(CLARA)
    for _ in range(3):
        his = await shop.writes(STRANGER, channel="chat", conversation="c", suggestions=(typed_address(),))
    assert len(his.view.suggestions) == 1
    assert (await shop.types(his)).count("suggestion_made") == 1


async def test_what_a_machine_wrote_opens_and_reopens_nothing(shop: Shop) -> None:
    dossier = await shop.writes(conversation="thread")
    alone = await shop.writes(automatic="bounce")
    assert alone.id != dossier.id
    assert alone.view.status is Status.CLOSED
    assert codes(await shop.events(alone)) == ["automatic"]
    await shop.command(dossier, {"type": "change_status", "status": "closed"})
    attached = await shop.writes(conversation="thread", automatic="auto-reply")
    assert attached.id == dossier.id
    assert attached.view.status is Status.CLOSED
    assert attached.view.unanswered_since is None


async def test_the_companys_own_words_elsewhere_count_as_an_answer(shop: Shop) -> None:
    dossier = await shop.writes(channel="social", conversation="psid")
    echoed = await shop.writes(channel="social", conversation="psid", direction="echo", text="We look into it")
    assert echoed.id == dossier.id
    assert echoed.view.unanswered_since is None
    assert echoed.view.last_message is not None
    assert echoed.view.last_message.author == "company"


async def test_a_batch_is_decided_in_order(shop: Shop) -> None:
    batch = [shop.message(channel=channel) for channel in ("email", "chat", "social", "email")]
    dossier = await shop.link(*batch)
    assert dossier.view.messages == 4
    assert len(await shop.dossiers()) == 1
    assert len(shop.timeline.appended) == 1


async def test_a_dossier_of_many_conversations_takes_in_no_more_by_itself(shop: Shop) -> None:
    """Else one sender makes a document that is too large to be stored, and with it nothing is shown any more."""
    lamp = {"subject": "Lamp of order 4711", "text": "The lamp of order 4711 arrived broken."}
    dossier = await shop.writes(**lamp)
    for _ in range(49):
        assert (await shop.writes(**lamp)).id == dossier.id
    other = await shop.writes(**lamp)
    assert other.id != dossier.id
    assert codes(await shop.events(other))[0] == "full-dossier"
    assert [each.dossier_id for each in other.view.suggestions] == [dossier.id]
    first = (await shop.view(dossier.id)).conversations[0].conversation.key
    assert (await shop.writes(conversation=first, **lamp)).id == dossier.id, "what is in it goes on"
