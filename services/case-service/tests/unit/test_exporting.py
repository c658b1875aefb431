"""What other tools are shown of the grouping: every message once, where it stands now, with why."""

from case_scenes.shop import CLARA, STRANGER, Shop
from case_service.domain.dossier import Dossier
from case_service.domain.exported import ExportedDossier
from case_service.handlers.exporting import Exporting
from omnifil_contracts.identity import Identity

COOKIE = Identity(kind="visitor", value="cookie")


async def exported(shop: Shop, customer_id: str | None = None) -> dict[str, ExportedDossier]:
    exporting = Exporting(shop.timeline, shop.policy.patterns)
    return {each.dossier_id: each async for each in exporting.dossiers(customer_id)}


def conversation(dossier: Dossier, number: int = 0) -> str:
    return dossier.view.conversations[number].conversation.conversation_id


def texts(dossier: ExportedDossier) -> list[str]:
    return [each.text for each in dossier.messages]


async def test_a_dossier_is_exported_with_its_conversations_messages_and_reasons(shop: Shop) -> None:
    await shop.writes(text="by mail", subject="Order 4711", provider_message_id="<1@mail.example>", conversation="root")
    dossier = await shop.writes(channel="chat", text="by chat", conversation="c")
    shown = (await exported(shop))[dossier.id]
    assert (shown.number, shown.customer_id, shown.subject) == (dossier.view.number, CLARA, "Order 4711")
    assert [(each.channel, each.account, each.key) for each in shown.conversations] == [
        ("email", "support", "root"),
        ("chat", "support", "c"),
    ]
    mail, chat = shown.messages
    assert (mail.provider_message_id, mail.conversation_id) == ("<1@mail.example>", conversation(dossier))
    assert (mail.sender.kind, mail.sender.value) == ("email", f"{CLARA}@mail.example")
    assert (mail.sender.assurance, mail.because.rule, chat.because.rule) == ("verified", "new", "customer")
    assert {each.code for each in chat.because.evidence} >= {"same-customer", "recent"}
    assert (chat.conversation_key, chat.customer_id, chat.direction) == ("c", CLARA, "inbound")


async def test_the_document_has_exactly_the_agreed_fields(shop: Shop) -> None:
    await shop.writes(text="hello")
    [dossier] = (await exported(shop)).values()
    plain = dossier.model_dump(mode="json")
    assert set(plain) == {
        "dossier_id", "number", "customer_id", "status", "subject", "follows", "merged_into", "related",
        "conversations", "messages",
    }  # fmt: skip
    assert set(plain["conversations"][0]) == {"conversation_id", "channel", "account", "key", "because"}
    assert set(plain["messages"][0]) == {
        "message_id", "provider_message_id", "channel", "account", "conversation_id", "conversation_key", "sender",
        "customer_id", "direction", "at", "subject", "text", "because",
    }  # fmt: skip
    assert set(plain["messages"][0]["sender"]) == {"kind", "value", "assurance"}
    assert set(plain["messages"][0]["because"]) >= {"rule", "evidence"}


async def test_what_an_agent_moved_is_where_it_is_now_and_back_after_an_undo(shop: Shop) -> None:
    await shop.writes(text="by mail")
    dossier = await shop.writes(channel="chat", text="by chat", conversation="c")
    moved = await shop.command(dossier, {"type": "move_conversation", "conversation_id": conversation(dossier, 1)})
    shown = await exported(shop)
    assert texts(shown[dossier.id]) == ["by mail"]
    assert texts(shown[str(moved.to_dossier_id)]) == ["by chat"]
    assert shown[str(moved.to_dossier_id)].messages[0].because.rule == "agent"
    unlinked = next(e for e in reversed(await shop.events(dossier)) if e.event.type == "conversation_unlinked")
    await shop.command(dossier, {"type": "undo", "seq": unlinked.seq})
    shown = await exported(shop)
    assert texts(shown[dossier.id]) == ["by mail", "by chat"]
    assert texts(shown[str(moved.to_dossier_id)]) == []
    assert shown[str(moved.to_dossier_id)].merged_into == dossier.id


async def test_every_message_is_exported_once_whatever_was_moved(shop: Shop) -> None:
    for number in range(4):
        dossier = await shop.writes(channel="chat", text=str(number), conversation="c")
    second = await shop.command(dossier, {"type": "move_message", "message_id": await _message_id(shop, dossier, "2")})
    await shop.command(
        dossier,
        {
            "type": "move_conversation",
            "conversation_id": conversation(dossier),
            "to_dossier_id": second.to_dossier_id,
        },
    )
    said = [text for each in (await exported(shop)).values() for text in texts(each)]
    assert sorted(said) == ["0", "1", "2", "3"]


async def test_one_customer_alone(shop: Shop) -> None:
    hers = await shop.writes(text="mine")
    await shop.writes(STRANGER, text="another's")
    assert set(await exported(shop, CLARA)) == {hers.id}
    assert await exported(shop, "nobody") == {}


async def test_a_dossier_that_became_anothers_is_that_customers(shop: Shop) -> None:
    strangers = await shop.writes(STRANGER, text="who am I", channel="chat", conversation="c", handle="cookie")
    clara = shop.changed(STRANGER, 2, released={CLARA: (COOKIE,)})
    await shop.customers(clara, shop.changed(CLARA, 2, has=(COOKIE,)))
    assert set(await exported(shop, CLARA)) == {strangers.id}
    assert await exported(shop, STRANGER) == {}


async def _message_id(shop: Shop, dossier: Dossier, text: str) -> str:
    shown = (await exported(shop))[dossier.id]
    return next(each.message_id for each in shown.messages if each.text == text)
