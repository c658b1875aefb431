"""A person taken out of dossiers: nothing of them is left, nothing of others is touched, and every fold agrees."""

from collections.abc import Sequence

import pytest
from case_scenes.shop import CLARA, STRANGER, Shop
from case_service.domain.dossier import Dossier
from case_service.domain.erasing import Cleared, Sought, clear, of_person, view_of_person
from case_service.domain.view import project
from omnifil_contracts.dossier import DossierView, MessageLinked, TimelineEntry
from omnifil_contracts.identity import Because, Evidence, Identity
from omnifil_contracts.message import Attachment, Participant
from omnifil_testkit.builders import NOON

CLARAS = Sought(frozenset([CLARA]), frozenset([f"email:{CLARA}@mail.example", "visitor:c"]))
HER_ADDRESS = Identity(kind="email", value=f"{CLARA}@mail.example")
PASSPORT = Attachment(sha256="a" * 64, filename="passport.png", media_type="image/png", size_bytes=1)
TELLING = ("clara", "martin", "4711081509", "secret", "passport", "<root", "a" * 64)


async def two_of_hers(shop: Shop) -> Dossier:
    """Mail, chat, a reply on both, a note."""
    await shop.writes(
        text="my secret order 4711081509",
        subject="Order 4711081509 of Clara",
        conversation="<root@mail.example>",
        raw=PASSPORT,
    )
    dossier = await shop.writes(channel="chat", text="secret in chat", conversation="c", attachments=(PASSPORT,))
    await shop.reply(dossier, text="Dear Clara Martin")
    await shop.command(dossier, {"type": "add_note", "text": "Clara is difficult"})
    return await shop.dossier(dossier.id)


async def cleared_of(shop: Shop, dossier: Dossier, sought: Sought = CLARAS) -> tuple[Cleared, list[TimelineEntry]]:
    """What is to be done, and the history once it was: with the entry that says so at its end."""
    history = await shop.events(dossier)
    cleared = clear(dossier.view, history, sought)
    left = [cleared.entries.get(entry.seq, entry) for entry in history]
    said = left[-1].model_copy(update={"seq": left[-1].seq + 1, "event": cleared.event, "effect_id": "ers:1"})
    return cleared, [*left, said]


def folded(history: Sequence[TimelineEntry], view: DossierView | None = None) -> DossierView:
    for entry in history:
        view = project("d", view, entry)
    assert view is not None
    return view


def told(history: Sequence[TimelineEntry]) -> str:
    """All that it says, but for our own ids: a test's customer id is a name."""
    return "".join(entry.model_dump_json() for entry in history).replace(CLARA, "").lower()


async def test_nothing_of_the_person_is_left_in_their_dossier(shop: Shop) -> None:
    dossier = await two_of_hers(shop)
    before = told(await shop.events(dossier))
    assert [word for word in TELLING if word not in before] == []
    _, left = await cleared_of(shop, dossier)
    assert [word for word in TELLING if word in told(left)] == []
    assert [word for word in TELLING if word in folded(left).model_dump_json().replace(CLARA, "").lower()] == []


async def test_seq_ids_instants_and_rules_stay(shop: Shop) -> None:
    dossier = await two_of_hers(shop)
    before = await shop.events(dossier)
    _, left = await cleared_of(shop, dossier)
    assert [(e.seq, e.effect_id, e.at, e.event.type) for e in left[:-1]] == [
        (e.seq, e.effect_id, e.at, e.event.type) for e in before
    ]
    rules = [getattr(getattr(e.event, "because", None), "rule", None) for e in before]
    assert [getattr(getattr(e.event, "because", None), "rule", None) for e in left[:-1]] == rules


async def test_what_is_elsewhere_is_named_before_it_is_gone(shop: Shop) -> None:
    dossier = await two_of_hers(shop)
    cleared, _ = await cleared_of(shop, dossier)
    assert cleared.blobs == {"a" * 64}
    assert cleared.conversations == {each.conversation.conversation_id for each in dossier.view.conversations}
    assert len(cleared.outbound) == 2
    assert len(cleared.messages) == 2


async def test_a_client_that_had_the_view_and_one_that_asks_again_see_the_same(shop: Shop) -> None:
    dossier = await two_of_hers(shop)
    _, left = await cleared_of(shop, dossier)
    assert folded([left[-1]], dossier.view.model_copy(update={"dossier_id": "d"})) == folded(left)


async def test_emptying_again_changes_nothing(shop: Shop) -> None:
    dossier = await two_of_hers(shop)
    _, left = await cleared_of(shop, dossier)
    assert clear(folded(left), left, CLARAS).entries == {}


async def shared_with_tom(shop: Shop) -> Dossier:
    """Tom's dossier: Clara is in copy of his mail, and answers under it, proven."""
    toms = "customer-tom"
    await shop.writes(
        toms,
        name="Tom Berger",
        text="our order 99, Tom",
        subject="Order 99",
        conversation="<toms@mail.example>",
        participants=(
            Participant(
                identity=Identity(kind="email", value=f"{CLARA}@mail.example"), role="cc", display_name="Clara"
            ),
        ),
    )
    dossier = await shop.writes(text="clara adds her secret", conversation="<toms@mail.example>")
    assert dossier.customer_id == toms
    return dossier


async def test_in_somebody_elses_dossier_only_what_is_theirs_goes(shop: Shop) -> None:
    dossier = await shared_with_tom(shop)
    cleared, left = await cleared_of(shop, dossier)
    said = told(left)
    assert "our order 99, tom" in said
    assert "tom berger" in said
    assert "clara" not in said
    assert not cleared.event.is_theirs
    assert cleared.conversations == set()
    view = folded(left)
    assert (view.subject, view.customer_name) == ("Order 99", "Tom Berger")
    assert view.last_message is not None
    assert view.last_message.text == ""
    shown = view.conversations[0].identity
    assert shown is None or CLARA not in shown.value
    assert folded([left[-1]], dossier.view.model_copy(update={"dossier_id": "d"})) == view


async def test_somebody_else_in_their_dossier_keeps_what_they_wrote(shop: Shop) -> None:
    dossier = await shared_with_tom(shop)
    toms = Sought(frozenset(["customer-tom"]), frozenset(["email:customer-tom@mail.example"]))
    cleared, left = await cleared_of(shop, dossier, toms)
    said = "".join(entry.model_dump_json() for entry in left)
    assert "clara adds her secret" in said
    assert "our order 99" not in said
    assert cleared.event.is_theirs
    assert not cleared.event.last_message


async def test_a_suggestion_that_names_them_goes_from_a_strangers_dossier(shop: Shop) -> None:
    await two_of_hers(shop)
    stranger = await shop.writes(
        STRANGER, text="it is me", conversation="<root@mail.example>", name="Otto", handle="otto@else.example"
    )
    assert stranger.view.suggestions
    _, left = await cleared_of(shop, stranger)
    assert "it is me" in told(left)
    assert "clara martin" not in told(left)


async def test_what_moved_away_is_followed(shop: Shop) -> None:
    dossier = await two_of_hers(shop)
    moved = await shop.command(
        dossier,
        {"type": "move_conversation", "conversation_id": dossier.view.conversations[1].conversation.conversation_id},
    )
    cleared, _ = await cleared_of(shop, await shop.dossier(dossier.id))
    assert str(moved.to_dossier_id) in cleared.moved_to


async def test_what_is_exported_is_what_would_be_emptied_and_nothing_of_others(shop: Shop) -> None:
    dossier = await shared_with_tom(shop)
    history = await shop.events(dossier)
    entries = of_person(dossier.view, history, CLARAS)
    said = [entry.event.message.text for entry in entries if isinstance(entry.event, MessageLinked)]
    assert (said, len(entries)) == (["clara adds her secret"], 1)


async def test_a_short_number_of_theirs_takes_nothing_out_of_somebody_elses_reasons(shop: Shop) -> None:
    """A loyalty number of three digits stands in half of all order numbers."""
    dossier = await shared_with_tom(shop)
    because = Because(rule="customer", evidence=(Evidence(code="same-reference", values={"number": "A-4711"}),))
    history = [
        entry.model_copy(update={"event": entry.event.model_copy(update={"because": because})})
        if isinstance(entry.event, MessageLinked)
        else entry
        for entry in await shop.events(dossier)
    ]
    cleared = clear(dossier.view, history, Sought(CLARAS.customer_ids, frozenset(["loyalty-number:47"])))
    [toms] = [
        entry for entry in history if isinstance(entry.event, MessageLinked) and "Tom" in entry.event.message.text
    ]
    assert toms.seq not in cleared.entries


async def test_an_export_shows_nobodys_dossier_to_who_only_wrote_in_it(shop: Shop) -> None:
    dossier = await shared_with_tom(shop)
    assert "tom" in dossier.view.model_dump_json().lower()
    shown = view_of_person(dossier.view, await shop.events(dossier), CLARAS)
    assert shown.dossier_id == dossier.id
    assert (shown.customer_name, shown.subject, shown.last_message, shown.conversations) == (None, None, None, ())


async def test_an_export_tells_nobody_who_else_somebody_may_be(shop: Shop) -> None:
    """A stranger wrote into a thread of hers: what an agent was asked about the two is of the stranger as well."""
    await two_of_hers(shop)
    stranger = await shop.writes(
        STRANGER, text="it is me", conversation="<root@mail.example>", name="Otto", handle="otto@else.example"
    )
    entries = of_person(stranger.view, await shop.events(stranger), CLARAS)
    assert [entry.event.type for entry in entries] == ["suggestion_made"]
    assert "otto" not in "".join(entry.model_dump_json() for entry in entries).lower()


@pytest.mark.parametrize("times", [1, 2])
async def test_who_was_merged_goes_with_them(shop: Shop, times: int) -> None:
    for number in range(times):
        await shop.writes(STRANGER, text="as a stranger", handle="other@mail.example", conversation=f"s{number}")
    dossier = await shop.writes(STRANGER, text="again", handle="other@mail.example")
    both = Sought(frozenset([CLARA, STRANGER]), frozenset(["email:other@mail.example"]))
    _, left = await cleared_of(shop, dossier, both)
    assert "as a stranger" not in told(left)
    assert left[-1].event.model_dump()["customer_ids"] == (CLARA, STRANGER)
    assert left[0].at >= NOON
