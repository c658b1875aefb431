"""Nobody gets into a dossier, or sees of it, what is not theirs. Each test plays one way in."""

import pytest
from case_scenes.shop import CLARA, STRANGER, Shop
from case_service.domain.dossier import Dossier
from case_service.domain.policy import Policy, Window
from case_service.domain.standing import standing
from case_service.handlers import Messages
from omnifil_contracts.dossier import MessageLinked, ReplyRequested, ReplyTarget, Status
from omnifil_contracts.identity import Assurance, AssuredIdentity, Because, Evidence, Identity
from omnifil_contracts.message import Attachment, CustomerSuggestion, IdentifiedMessage, Participant

LAMP = "The lamp of order 4711 arrived broken, its shade is cracked."
CRACKED = "Re: the lamp of order 4711, its shade is cracked"


def claimed(value: str, kind: str = "email") -> AssuredIdentity:
    return AssuredIdentity(identity=Identity(kind=kind, value=value), assurance=Assurance.CLAIMED)


def copy_of(address: str, role: str = "cc") -> Participant:
    return Participant.model_validate({"identity": {"kind": "email", "value": address}, "role": role})


async def is_untouched(shop: Shop, dossier: Dossier) -> bool:
    return (await shop.dossier(dossier.id)).seq == dossier.seq


async def reply_to(shop: Shop, dossier: Dossier) -> ReplyTarget:
    await shop.reply(dossier)
    replies = [entry.event for entry in await shop.events(dossier) if isinstance(entry.event, ReplyRequested)]
    return replies[-1].targets[0]


async def take_in(shop: Shop, message: IdentifiedMessage) -> None:
    """As `Shop.link`, for a message that may be none or be kept under another id."""
    await Messages(shop.timeline, shop.policy, shop.minting, lambda: shop.now).link([message])
    shop.ids |= {append.dossier_id async for append in shop.timeline.all_appends()}


async def only_dossier_of(shop: Shop, customer: str) -> Dossier:
    [found] = [each for each in (await shop.dossiers()).values() if each.customer_id == customer]
    return found


async def because_of(shop: Shop, dossier: Dossier) -> list[str]:
    linked = [entry.event for entry in await shop.events(dossier) if isinstance(entry.event, MessageLinked)]
    return [each.code for each in linked[-1].because.evidence]


@pytest.mark.parametrize("assured", [True, False])
async def test_who_quotes_the_number_of_a_dossier_stays_outside(shop: Shop, assured: bool) -> None:
    hers = await shop.writes(CLARA, subject="Broken lamp", text=LAMP)
    his = await shop.writes(STRANGER, assured=assured, subject=f"{hers.view.number} {CRACKED}", text=LAMP)
    assert his.id != hers.id
    assert await is_untouched(shop, hers)


async def test_who_forwards_a_thread_stays_outside(shop: Shop) -> None:
    hers = await shop.writes(CLARA, provider_message_id="<a@x>", conversation="<a@x>", text=LAMP)
    target = await reply_to(shop, hers)
    hers = await shop.dossier(hers.id)
    his = await shop.writes(
        STRANGER,
        conversation="<a@x>",
        ancestors=("<a@x>",),
        references=(target.reference,),
        subject="Fwd: " + CRACKED,
        text=LAMP,
    )
    assert his.id != hers.id
    assert his.customer_id == STRANGER
    assert await is_untouched(shop, hers)
    assert {each.dossier_id for each in his.view.suggestions} == {hers.id}


async def test_a_forged_from_stays_outside_even_with_the_thread_and_the_token(shop: Shop) -> None:
    hers = await shop.writes(CLARA, handle="clara@mail.example", provider_message_id="<a@x>", conversation="<a@x>")
    target = await reply_to(shop, hers)
    hers = await shop.dossier(hers.id)
    his = await shop.writes(
        "customer-unproven",
        handle="clara@mail.example",
        assured=False,
        conversation="<a@x>",
        ancestors=("<a@x>",),
        references=(target.reference,),
    )
    assert his.id != hers.id
    assert await is_untouched(shop, hers)
    assert his.view.conversations[0].identity == Identity(kind="email-unproven", value="clara@mail.example")


async def test_a_stolen_token_from_an_unproven_sender_makes_a_suggestion_and_no_member(shop: Shop) -> None:
    hers = await shop.writes(CLARA)
    target = await reply_to(shop, hers)
    hers = await shop.dossier(hers.id)
    his = await shop.writes(STRANGER, assured=False, references=(target.reference,))
    assert his.id != hers.id
    assert await is_untouched(shop, hers)
    suggestion = his.view.suggestions[0]
    assert (suggestion.kind, suggestion.dossier_id) == ("same-matter", hers.id)
    assert [each.code for each in suggestion.because.evidence] == ["token-intact", "not-a-participant"]


async def test_a_forged_mail_with_a_stolen_token_asks_the_agent_once_with_all_its_reasons(shop: Shop) -> None:
    hers = await shop.writes(CLARA)
    stolen = (await reply_to(shop, hers)).reference
    maybe = CustomerSuggestion(
        customer_id=CLARA,
        identity=Identity(kind="email-unproven", value="clara@mail.example"),
        linkable=False,
        because=Because(rule="identity", evidence=(Evidence(code="unproven-sender"),)),
    )
    forged = {"assured": False, "conversation": "<f@evil.example>", "suggestions": (maybe,)}
    his = await shop.writes(STRANGER, references=(stolen,), **forged)
    (suggestion,) = his.view.suggestions
    assert (suggestion.kind, suggestion.dossier_id) == ("same-matter", hers.id)
    codes = [each.code for each in suggestion.because.evidence]
    assert codes == ["token-intact", "not-a-participant", "unproven-sender"]
    again = await shop.writes(STRANGER, **forged)
    assert again.id == his.id
    assert again.view.suggestions == his.view.suggestions


async def test_a_token_does_not_let_another_proven_customer_in(shop: Shop) -> None:
    hers = await shop.writes(CLARA)
    target = await reply_to(shop, hers)
    his = await shop.writes(STRANGER, references=(target.reference,))
    assert his.id != hers.id
    assert his.customer_id == STRANGER


async def test_who_is_in_copy_and_proven_takes_part_but_the_answer_goes_to_the_customer(shop: Shop) -> None:
    hers = await shop.writes(
        CLARA, handle="clara@mail.example", conversation="root", participants=(copy_of("aunt@mail.example"),)
    )
    joined = await shop.writes("customer-aunt", handle="aunt@mail.example", conversation="root")
    assert joined.id == hers.id
    assert joined.customer_id == CLARA
    assert joined.view.conversations[0].identity == Identity(kind="email", value="clara@mail.example")
    target = await reply_to(shop, joined)
    assert target.recipient == Identity(kind="email", value="clara@mail.example")
    assert [each.identity.value for each in target.copies] == ["aunt@mail.example"]


async def test_a_person_in_copy_makes_nothing_of_the_customers_their_own(shop: Shop) -> None:
    """After years they answer in the thread: that is theirs, and the customer's conversation stays where it is."""
    hers = await shop.writes(CLARA, conversation="root", participants=(copy_of("aunt@mail.example"),))
    await shop.command(hers, {"type": "change_status", "status": "closed"})
    shop.later(days=300)
    aunts = await shop.writes("customer-aunt", handle="aunt@mail.example", conversation="root")
    assert (aunts.customer_id, aunts.view.follows) == ("customer-aunt", None)
    follow_up = await shop.writes(CLARA, conversation="root")
    assert (follow_up.customer_id, follow_up.view.follows) == (CLARA, hers.id)
    assert follow_up.id != aunts.id


async def test_a_reply_to_all_from_somebody_who_was_not_in_copy_stays_outside(shop: Shop) -> None:
    hers = await shop.writes(CLARA, conversation="root", participants=(copy_of("aunt@mail.example"),))
    his = await shop.writes(
        STRANGER, conversation="root", participants=(copy_of("aunt@mail.example"), copy_of(f"{CLARA}@mail.example"))
    )
    assert his.id != hers.id
    assert await is_untouched(shop, hers)


async def test_a_forged_mail_copies_nobody_in(shop: Shop) -> None:
    """In the name of somebody whose mail is never proven: into her thread, with himself in copy."""
    hers = await shop.writes("customer-u", handle="u@old.example", assured=False, conversation="root")
    forged = await shop.writes(
        "customer-u",
        handle="u@old.example",
        assured=False,
        conversation="root",
        participants=(copy_of("crook@mail.example"),),
    )
    assert forged.id != hers.id
    his = await shop.writes(STRANGER, handle="crook@mail.example", conversation="root")
    assert his.id not in (hers.id, forged.id)
    assert await is_untouched(shop, hers)


async def test_who_proves_nothing_goes_on_only_in_what_was_begun_so(shop: Shop) -> None:
    hers = await shop.writes("customer-u", handle="u@old.example", assured=False, conversation="root")
    again = await shop.writes("customer-u", handle="u@old.example", assured=False, conversation="root")
    assert again.id == hers.id
    assert await because_of(shop, again) == ["same-conversation", "same-unproven-handle"]
    fresh = await shop.writes("customer-u", handle="u@old.example", assured=False)
    assert fresh.id != hers.id
    assert await because_of(shop, fresh) == ["not-assured"]


async def test_where_it_is_set_so_who_proves_nothing_enters_no_thread_at_all(shop: Shop) -> None:
    shop.policy = Policy(default=Window(unproven_goes_on=False))
    hers = await shop.writes("customer-u", handle="u@old.example", assured=False, conversation="root")
    again = await shop.writes("customer-u", handle="u@old.example", assured=False, conversation="root")
    assert again.id != hers.id
    assert again.view.suggestions[0].dossier_id == hers.id


async def test_a_mailing_list_opens_nothing_and_lets_nobody_in(shop: Shop) -> None:
    hers = await shop.writes(CLARA, text=LAMP)
    listed = await shop.writes(CLARA, automatic="list", text=LAMP, participants=(copy_of("crook@mail.example"),))
    assert listed.id != hers.id
    assert listed.view.status is Status.CLOSED
    his = await shop.writes(
        STRANGER, handle="crook@mail.example", conversation=listed.view.conversations[0].conversation.key
    )
    assert his.id not in (hers.id, listed.id)


async def test_what_only_a_machine_has_written_in_is_not_reopened_by_a_persons_question(shop: Shop) -> None:
    machine = await shop.writes(CLARA, automatic="auto-reply", text=LAMP)
    asked = await shop.writes(CLARA, text=LAMP)
    assert asked.id != machine.id
    assert (await shop.view(machine.id)).status is Status.CLOSED


async def test_two_machines_that_answer_each_other_open_and_reopen_nothing(shop: Shop) -> None:
    hers = await shop.writes(CLARA, conversation="root")
    target = await reply_to(shop, hers)
    await shop.command(hers, {"type": "change_status", "status": "closed"})
    for _ in range(5):
        answered = await shop.writes(
            CLARA, conversation="root", automatic="auto-reply", references=(target.reference,), text="I am away"
        )
        assert answered.id == hers.id
        assert (answered.view.status, answered.view.unanswered_since) == (Status.CLOSED, None)
    assert len(await shop.dossiers()) == 1


async def test_a_bounce_from_a_stranger_is_kept_apart_and_closed(shop: Shop) -> None:
    hers = await shop.writes(CLARA, conversation="root")
    target = await reply_to(shop, hers)
    await shop.command(hers, {"type": "change_status", "status": "closed"})
    hers = await shop.dossier(hers.id)
    bounce = await shop.writes(STRANGER, assured=False, automatic="bounce", references=(target.reference,))
    assert bounce.id != hers.id
    assert bounce.view.status is Status.CLOSED
    assert await is_untouched(shop, hers)


@pytest.mark.parametrize(
    "lookalike", ["clаra@mail.example", "clara@mail.example.", "clara@maiI.example", "clara @mail.example"]
)
async def test_an_address_that_looks_like_that_of_a_person_in_copy_is_another(shop: Shop, lookalike: str) -> None:
    hers = await shop.writes(STRANGER, conversation="root", participants=(copy_of("clara@mail.example"),))
    his = await shop.writes("customer-lookalike", handle=lookalike, conversation="root")
    assert his.id != hers.id


async def test_a_display_name_that_is_an_address_opens_no_door(shop: Shop) -> None:
    hers = await shop.writes(CLARA, handle="clara@mail.example", conversation="root", text=LAMP)
    his = await shop.writes(STRANGER, name="clara@mail.example", conversation="root", text=LAMP)
    assert his.id != hers.id
    assert his.view.conversations[0].identity == Identity(kind="email", value=f"{STRANGER}@mail.example")


@pytest.mark.parametrize("proven", [True, False])
async def test_who_sends_first_under_her_message_id_does_not_swallow_her_mail(shop: Shop, proven: bool) -> None:
    his = await shop.writes(STRANGER, assured=proven, provider_message_id="<a@x>", text="hers will never arrive")
    real = shop.message(CLARA, provider_message_id="<a@x>", text=LAMP)
    await take_in(shop, real)
    hers = await only_dossier_of(shop, CLARA)
    assert hers.view.messages == 1
    await take_in(shop, real)
    assert await is_untouched(shop, hers)
    answer = await shop.writes(CLARA, ancestors=("<a@x>",), conversation="<a@x>")
    assert answer.id == hers.id
    assert (await shop.dossier(his.id)).view.suggestions == ()


async def test_the_same_mail_read_again_is_one_message_though_its_author_is_not_proven_any_more(shop: Shop) -> None:
    raw = Attachment(sha256="a" * 64, filename="m.eml", media_type="message/rfc822", size_bytes=9)
    hers = await shop.writes(CLARA, provider_message_id="<a@x>", raw=raw)
    again = shop.message("customer-u", assured=False, provider_message_id="<a@x>", raw=raw)
    await take_in(shop, again)
    assert len(await shop.dossiers()) == 1
    assert await is_untouched(shop, hers)


async def test_who_claims_a_conversation_key_first_does_not_keep_her_out(shop: Shop) -> None:
    his = await shop.writes(STRANGER, conversation="root")
    hers = await shop.writes(CLARA, conversation="root")
    assert hers.id != his.id
    assert (await shop.writes(CLARA, conversation="root")).id == hers.id
    assert (await shop.writes(STRANGER, conversation="root")).id == his.id


async def test_a_webhook_that_is_replayed_has_no_effect(shop: Shop) -> None:
    sent = shop.message(CLARA, channel="social", conversation="psid")
    hers = await shop.link(sent)
    await shop.command(hers, {"type": "change_status", "status": "closed"})
    hers = await shop.dossier(hers.id)
    shop.later(days=20)
    await shop.link(sent)
    assert await is_untouched(shop, hers)
    assert len(await shop.dossiers()) == 1


async def test_the_same_thread_key_on_another_account_is_another_thread(shop: Shop) -> None:
    hers = await shop.writes(CLARA, channel="social", conversation="psid-1")
    his = await shop.writes(STRANGER, channel="social", conversation="psid-1", account="other-page")
    assert his.id != hers.id
    assert len(his.view.conversations) == 1


async def test_another_visitor_with_the_key_of_a_chat_does_not_read_on_in_it(shop: Shop) -> None:
    hers = await shop.writes(CLARA, channel="chat", handle="v-clara", conversation="v-clara")
    his = await shop.writes(STRANGER, channel="chat", handle="v-other", conversation="v-clara")
    assert his.id != hers.id
    target = await reply_to(shop, await shop.dossier(hers.id))
    assert target.recipient.value == "v-clara"


async def test_an_address_that_is_typed_into_a_chat_is_no_key(shop: Shop) -> None:
    hers = await shop.writes(CLARA, handle="clara@mail.example", text=LAMP)
    his = await shop.writes(
        STRANGER, channel="chat", handle="v-1", conversation="v-1", others=(claimed("clara@mail.example"),), text=LAMP
    )
    assert his.id != hers.id
    assert await is_untouched(shop, hers)


@pytest.mark.parametrize("handle", ["clara+shop@mail.example", "c.lara@mail.example", "CLARA@MAIL.EXAMPLE"])
async def test_a_spelling_of_an_address_in_copy_that_was_not_copied_takes_no_part(shop: Shop, handle: str) -> None:
    """Which spellings are one mailbox customer-profile knows; correlation compares what it is given."""
    hers = await shop.writes(STRANGER, conversation="root", participants=(copy_of("clara@mail.example"),))
    other = await shop.writes("customer-other", handle=handle, conversation="root")
    assert other.id != hers.id


async def test_a_shared_address_joins_nothing_by_being_known(shop: Shop) -> None:
    """customer-profile says of a family's or a firm's address that it assures of nobody."""
    hers = await shop.writes(CLARA, handle="info@firm.example", text=LAMP)
    his = await shop.writes(CLARA, handle="info@firm.example", assured=False, text=LAMP)
    assert his.id != hers.id
    assert await because_of(shop, his) == ["not-assured"]
    assert [(each.kind, each.dossier_id) for each in his.view.suggestions] == [("same-matter", hers.id)]


async def test_what_one_sees_holds_nothing_that_the_other_wrote(shop: Shop) -> None:
    hers = await shop.writes(CLARA, conversation="root", text="my IBAN is secret")
    his = await shop.writes(STRANGER, conversation="root", ancestors=("<a@x>",), text="and mine?")
    for mine, others in ((hers, "and mine?"), (his, "IBAN")):
        messages = standing(await shop.events(mine)).messages.values()
        assert all(others not in each.event.message.text for each in messages)
        assert others not in (await shop.view(mine.id)).model_dump_json()


async def test_the_answer_never_goes_to_the_impostor(shop: Shop) -> None:
    hers = await shop.writes(CLARA, handle="clara@mail.example", conversation="root", provider_message_id="<a@x>")
    for assured in (True, False):
        await shop.writes(
            STRANGER, handle="crook@mail.example", assured=assured, conversation="root", ancestors=("<a@x>",)
        )
    target = await reply_to(shop, await shop.dossier(hers.id))
    assert target.recipient == Identity(kind="email", value="clara@mail.example")
    assert target.copies == ()
