"""The report on correlation, of histories that are known."""

from datetime import timedelta

import pytest
from case_scenes.shop import CLARA, STRANGER, Shop
from case_service.domain.report import Report, Tally, by
from case_service.entrypoints.report import document, lines
from case_service.handlers.reporting import report_on
from omnifil_contracts.identity import Because, Identity
from omnifil_contracts.message import CustomerSuggestion


async def told(shop: Shop, **more: object) -> Report:
    # As MongoDB gives them: dossier by dossier.
    shop.timeline.log.appended.sort(key=lambda append: (append.dossier_id, append.first_seq))
    return await report_on(shop.timeline, **more)  # type: ignore[arg-type]


async def a_week(shop: Shop) -> None:
    """`new` takes two mails and a chat, of which the chat's was wrong; `thread` three, of which one was split off."""
    hers = await shop.writes(text="one", conversation="t")
    await shop.writes(text="two", conversation="t")
    turn = shop.message(text="three", conversation="t")
    await shop.link(turn)
    await shop.writes(text="four", conversation="t")
    split = {"conversation_id": hers.view.conversations[0].conversation.conversation_id}
    await shop.command(hers, {"type": "split_conversation", "from_message_id": turn.message.message_id, **split})
    await shop.writes(STRANGER, text="his", conversation="h")
    chat = await shop.writes("customer-third", channel="chat", text="hello", conversation="c")
    await shop.command(chat, {"type": "merge_dossier", "into_dossier_id": hers.id})


async def test_what_each_rule_took_and_what_agents_corrected(shop: Shop) -> None:
    await a_week(shop)
    report = await told(shop)
    assert report.rules == {
        ("new", "email"): Tally(taken=2, corrected=0),
        ("thread", "email"): Tally(taken=3, corrected=1),
        ("new", "chat"): Tally(taken=1, corrected=1),
    }
    assert by(report.rules, 0)["new"] == Tally(3, 1)
    assert by(report.rules, 1) == {"email": Tally(5, 1), "chat": Tally(1, 1)}
    assert report.messages == 6


async def test_what_an_agent_brings_back_was_no_correction(shop: Shop) -> None:
    await a_week(shop)
    entries = [append for append in shop.timeline.appended if append.entries[-1].event.type == "status_changed"]
    merged = entries[-1]
    await shop.command(merged.dossier_id, {"type": "undo", "seq": merged.last_seq})
    assert (await told(shop)).rules["new", "chat"] == Tally(1, 0)


async def test_what_a_rule_moves_itself_is_no_correction(shop: Shop) -> None:
    await shop.writes(STRANGER, handle="v-1", channel="chat", text="hello", conversation="c")
    await shop.writes(CLARA, text="by mail")
    visitor = Identity(kind="visitor", value="v-1")
    await shop.customers(
        shop.changed(STRANGER, 2, released={CLARA: (visitor,)}), shop.changed(CLARA, 2, has=(visitor,))
    )
    rules = (await told(shop)).rules
    assert rules["new", "chat"] == Tally(1, 0)
    assert rules["identity", "chat"] == Tally(1, 0)


async def test_only_what_was_decided_since_then_counts(shop: Shop) -> None:
    await shop.writes(text="long ago", conversation="t")
    shop.later(days=1)
    since = shop.now
    await shop.writes(text="now", conversation="t")
    assert (await told(shop, since=since)).rules == {("thread", "email"): Tally(1, 0)}
    assert (await told(shop, since=since + timedelta(days=1))).rules == {}


@pytest.mark.parametrize(("accept", "accepted", "refused"), [(True, 1, 0), (False, 0, 1), (None, 0, 0)])
async def test_suggestions_are_counted_by_what_became_of_them(
    shop: Shop, accept: bool | None, accepted: int, refused: int
) -> None:
    await shop.writes(CLARA, text="hers")
    suggested = CustomerSuggestion(
        customer_id=CLARA,
        identity=Identity(kind="email-unproven", value="clara@mail.example"),
        linkable=True,
        because=Because(rule="identity"),
    )
    his = await shop.writes(STRANGER, assured=False, suggestions=(suggested,))
    (made,) = his.view.suggestions
    if accept is not None:
        said = {"type": "resolve_suggestion", "suggestion_id": made.suggestion_id, "accept": accept}
        await shop.command(his, said)
    report = await told(shop)
    ((_, each),) = report.suggestions.items()
    assert (each.offered, each.accepted, each.refused, each.open) == (1, accepted, refused, 1 - accepted - refused)


async def test_people_and_tools_read_the_same(shop: Shop) -> None:
    await a_week(shop)
    report = await told(shop)
    shown = document(report, None)
    assert shown["rules"]["thread"] == {  # type: ignore[index]
        "taken": 3,
        "kept": 2,
        "corrected": 1,
        "channels": {"email": {"taken": 3, "kept": 2, "corrected": 1}},
    }
    assert any(line.split() == ["thread", "3", "2", "1", "66.7"] for line in lines(report))
