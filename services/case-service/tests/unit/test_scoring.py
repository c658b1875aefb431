"""What a message is about: numbers, words, phrases, time. And what an installation may set."""

import json
from datetime import timedelta

import pytest
from case_scenes.shop import CLARA, Shop
from case_service.domain.likeness import Profile
from case_service.domain.phrases import says_that_it_goes_on, says_that_it_is_new
from case_service.domain.policy import Policy, Window
from case_service.domain.references import DEFAULT_PATTERNS, references_in
from case_service.domain.words import weight_of, words_of
from case_service.settings import Settings
from omnifil_contracts.dossier import MessageLinked
from omnifil_contracts.profile import ExternalReference, RelatedReferences
from pydantic import ValidationError

LAMP = "The shade of my lamp is cracked"
INVOICE = "The VAT number on my receipt is wrong, please issue another for my accountant"


def settings_of(**fields: object) -> Settings:
    return Settings(
        http_port=0,
        internal_token="x",
        case_reference_keys=["key"],
        mongo_uri="mongodb://x",
        **fields,  # type: ignore[arg-type]
    )


async def told(shop: Shop, dossier_id: str) -> dict[str, dict[str, str]]:
    linked = [entry.event for entry in await shop.events(dossier_id) if isinstance(entry.event, MessageLinked)]
    return {each.code: each.values for each in linked[-1].because.evidence}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("deliveries", "delivery"),
        ("livraisons", "livraison"),
        ("cassée", "casse"),
        ("réglé", "regle"),
        ("lampes", "Lampe"),
    ],
)
def test_two_forms_of_a_word_are_one(one: str, other: str) -> None:
    assert set(words_of(one).by_stem) == set(words_of(other).by_stem) != set()


def test_greetings_names_and_signatures_tell_nothing() -> None:
    text = "Bonjour, je vous remercie d'avance\nCordialement,\nClara Martin, 12 rue des Tilleuls"
    assert not set(words_of(text).by_stem) & {"clar", "martin", "tilleul", "bonjour"}


def test_a_number_tells_more_than_a_word_and_a_word_more_than_what_every_complaint_has() -> None:
    number, rare, common = (next(iter(words_of(text).by_stem)) for text in ("AB4711", "abat-jour", "commande"))
    assert weight_of(number) > weight_of(rare) > weight_of(common)


def test_a_profile_stays_small_whatever_is_written() -> None:
    profile = Profile()
    for number in range(200):
        profile = profile.with_message(words_of(" ".join(f"word{number}x{each}" for each in range(90))))
    assert len(profile.words) <= 64
    assert profile.messages == 30


@pytest.mark.parametrize(
    "text", ["Toujours pas de nouvelles ?", "As I wrote by mail", "Je reviens vers vous", "any news?"]
)
def test_phrases_that_go_on(text: str) -> None:
    assert says_that_it_goes_on(text)
    assert not says_that_it_is_new(text)


@pytest.mark.parametrize("text", ["J'ai une autre question", "Nothing to do with my last mail", "a different problem"])
def test_phrases_that_begin(text: str) -> None:
    assert says_that_it_is_new(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("order 4711", {"order:4711"}),
        ("Réf. 729336", {"order:729336"}),
        ("colis 6A12345678901", {"parcel:6A12345678901"}),
        ("facture n° F2024-05068", {"invoice:F202405068"}),
        ("my parcel arrived broken", set()),
    ],
)
def test_references_that_are_found(text: str, found: set[str]) -> None:
    assert {each.key for each in references_in(DEFAULT_PATTERNS, text)} == found


async def test_a_new_subject_after_days_opens_its_own_dossier_and_is_suggested_only_if_it_may_be(shop: Shop) -> None:
    first = await shop.writes(CLARA, subject="Broken lamp", text=LAMP)
    shop.later(days=4)
    second = await shop.writes(CLARA, subject="Receipt", text=INVOICE)
    assert second.id != first.id
    assert "not-sure-enough" in await told(shop, second.id)
    assert second.view.suggestions == ()


async def test_another_order_number_than_the_dossiers_speaks_against_it(shop: Shop) -> None:
    first = await shop.writes(CLARA, text="order 4711: the shade of my lamp is cracked")
    shop.later(hours=1)
    second = await shop.writes(CLARA, text="order 5822: the shade of my lamp is cracked")
    assert second.id != first.id
    assert (await told(shop, second.id))["other-reference"] == {"kind": "order", "number": "5822", "theirs": "4711"}


async def test_a_parcel_is_of_the_order_that_records_put_it_together_with(shop: Shop) -> None:
    first = await shop.writes(CLARA, text="order 4711 has not arrived")
    shop.later(days=2)
    other = await shop.writes(CLARA, text=INVOICE, subject="something else: my receipt")
    assert other.id != first.id
    shop.later(days=1)
    numbers = (ExternalReference(kind="order", number="4711"), ExternalReference(kind="parcel", number="6A1234567"))
    message = shop.message(CLARA, channel="chat", text="still no trace of parcel 6A1234567")
    related = message.model_copy(update={"related": (RelatedReferences(references=numbers),)})
    joined = await shop.link(related)
    assert joined.id == first.id
    assert (await told(shop, joined.id))["related-record"]["other"] == "4711"


async def test_a_new_matter_within_the_reopening_time_opens_a_new_dossier(shop: Shop) -> None:
    closed = await shop.writes(CLARA, text="order 4711: " + LAMP)
    await shop.command(closed, {"type": "change_status", "status": "closed"})
    shop.later(days=3)
    new = await shop.writes(CLARA, text="another question, order 5822: " + INVOICE)
    assert new.id != closed.id
    again = await shop.writes(CLARA, channel="chat", text="still about order 4711, the shade is cracked")
    assert again.id == closed.id


async def test_the_same_order_after_the_reopening_time_is_followed_up(shop: Shop) -> None:
    closed = await shop.writes(CLARA, text="order 4711: " + LAMP)
    await shop.command(closed, {"type": "change_status", "status": "closed"})
    shop.later(days=30)
    new = await shop.writes(CLARA, channel="chat", text="still the same problem with order 4711, my lamp, the shade")
    assert new.view.follows == closed.id


async def test_a_direct_message_that_turns_to_something_else_gets_a_dossier_and_both_can_be_answered(
    shop: Shop,
) -> None:
    first = await shop.writes(
        CLARA, channel="social", handle="page:psid", conversation="psid", text="order 4711 " + LAMP
    )
    await shop.reply(first)
    shop.later(days=10)
    fresh = "Hello, another question about order 5822: " + INVOICE
    second = await shop.writes(CLARA, channel="social", handle="page:psid", conversation="psid", text=fresh)
    assert second.id != first.id
    assert "another-talk" in await told(shop, second.id)
    shop.later(minutes=5)
    third = await shop.writes(CLARA, channel="social", handle="page:psid", conversation="psid", text="thanks")
    assert third.id == second.id
    for dossier in (first, third):
        await shop.reply(await shop.dossier(dossier.id))
    back = await shop.writes(CLARA, channel="social", handle="page:psid", conversation="psid", text="ok")
    assert back.id == third.id


async def test_without_a_pause_all_of_a_conversation_is_one(shop: Shop) -> None:
    shop.policy = Policy(channels={"social": Window(pause=None)})
    first = await shop.writes(CLARA, channel="social", handle="psid", conversation="psid", text="order 4711 " + LAMP)
    shop.later(days=10)
    second = await shop.writes(
        CLARA, channel="social", handle="psid", conversation="psid", text="order 5822 " + INVOICE
    )
    assert second.id == first.id


async def test_a_rule_that_is_off_does_not_fire(shop: Shop) -> None:
    shop.policy = Policy(channels={"email": Window(rules=frozenset({"token", "thread"}))})
    first = await shop.writes(CLARA, text="order 4711 " + LAMP)
    assert (await shop.writes(CLARA, text="order 4711 " + LAMP)).id != first.id


async def test_a_higher_threshold_asks_an_agent(shop: Shop) -> None:
    shop.policy = Policy(default=Window(threshold=100))
    first = await shop.writes(CLARA, text="order 4711 " + LAMP)
    second = await shop.writes(CLARA, channel="chat", text="order 4711 " + LAMP)
    assert second.id != first.id
    suggestion = second.view.suggestions[0]
    assert (suggestion.kind, suggestion.dossier_id, suggestion.because.rule) == ("same-matter", first.id, "customer")
    assert suggestion.because.evidence[-1].code == "score"


def test_an_account_is_set_up_as_its_channel_and_that_as_all() -> None:
    windows = {"chat": {"joins_days": 3}, "chat/shop": {"threshold": 80}}
    policy = settings_of(case_window={"reopens_days": 7}, case_windows=windows).policy()
    assert policy.of("chat", "shop").joins == timedelta(days=3)
    assert policy.of("chat", "shop").reopens == timedelta(days=7)
    assert (policy.of("chat", "shop").threshold, policy.of("chat", "other").threshold) == (80, Window().threshold)
    assert policy.of("email", "shop") == policy.default


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("case_windows", {"Chat!": {}}, "names neither a channel"),
        ("case_windows", {"chat": {"join_days": 3}}, "Extra inputs"),
        ("case_windows", {"chat": {"rules": ["guess"]}}, "'token', 'thread' or 'customer'"),
        ("case_window", {"threshold": 20, "suggests": 50}, "suggests is above threshold"),
        ("case_references", [{"kind": "order", "pattern": "order (\\d+"}], "no regular expression"),
        ("case_references", [{"kind": "order", "pattern": "order \\d+"}], "parentheses"),
    ],
)
def test_what_is_set_wrong_is_said_at_the_start(field: str, value: object, says: str) -> None:
    with pytest.raises(ValidationError, match="(?s)" + says):
        settings_of(**json.loads(json.dumps({field: value})))
