"""Suggestions: an agent decides."""

from omnifil_contracts.message import IdentifiedMessage
from profile_scenes.people import CLAIRE, chat, claimed, mail, messenger, signed, unproven_mail
from profile_scenes.scene import Scene

DAYS = 24 * 60


def codes(identified: IdentifiedMessage) -> list[list[str]]:
    return [[evidence.code for evidence in each.because.evidence] for each in identified.suggestions]


async def test_a_typed_address_suggests_its_owner_and_would_link_the_visitor(scene: Scene) -> None:
    claire = await scene.hear(mail(name="Claire Martin"))
    stranger = await scene.hear(chat("v9", claimed(f"email:{CLAIRE.upper()}"), name="Claire M.", minutes=2))
    (suggestion,) = stranger.suggestions
    assert suggestion.customer_id == claire.customer_id
    assert suggestion.display_name == "Claire Martin"
    assert suggestion.identity.key == "visitor:v9"
    assert suggestion.linkable
    assert codes(stranger) == [["typed-address"]]


async def test_an_unproven_mail_suggests_its_owner_but_never_links(scene: Scene) -> None:
    claire = await scene.hear(mail())
    (suggestion,) = (await scene.hear(unproven_mail())).suggestions
    assert suggestion.customer_id == claire.customer_id
    assert suggestion.identity.key == f"email-unproven:{CLAIRE}"
    assert not suggestion.linkable
    assert suggestion.because.evidence[0].code == "unproven-sender"


async def test_the_same_name_on_another_channel_is_suggested(scene: Scene) -> None:
    claire = await scene.hear(mail(name="Claire Martin"))
    on_messenger = await scene.hear(messenger("1", name="MARTIN-claire?", minutes=7))
    assert on_messenger.suggestions == ()  # words in another order are another name
    on_messenger = await scene.hear(messenger("2", name="  CLAÏRE  martin ", minutes=7))
    (suggestion,) = on_messenger.suggestions
    assert suggestion.customer_id == claire.customer_id
    assert suggestion.linkable
    assert codes(on_messenger) == [["same-name", "wrote-recently"]]
    assert suggestion.because.evidence[1].values == {"minutes": "7"}


async def test_a_first_name_alone_suggests_nobody(scene: Scene) -> None:
    await scene.hear(mail(name="Claire"))
    assert (await scene.hear(messenger("1", name="Claire"))).suggestions == ()


async def test_the_same_name_on_the_same_channel_suggests_nobody(scene: Scene) -> None:
    await scene.hear(messenger("1", name="Claire Martin"))
    assert (await scene.hear(messenger("2", name="Claire Martin"))).suggestions == ()


async def test_a_namesake_who_was_not_seen_for_long_is_not_suggested(scene: Scene) -> None:
    await scene.hear(mail(name="Claire Martin"))
    assert codes(await scene.hear(messenger("1", name="Claire Martin", minutes=80 * DAYS))) == [["same-name"]]
    assert (await scene.hear(messenger("2", name="Claire Martin", minutes=100 * DAYS))).suggestions == ()


async def test_a_namesake_who_wrote_again_is_recent(scene: Scene) -> None:
    await scene.hear(mail(name="Claire Martin"))
    await scene.hear(mail(name="Claire Martin", minutes=80 * DAYS))
    seen = await scene.hear(messenger("1", name="Claire Martin", minutes=100 * DAYS))
    assert codes(seen) == [["same-name"]]


async def test_no_more_than_three_namesakes_are_suggested(scene: Scene) -> None:
    for n in range(5):
        await scene.hear(mail(f"claire{n}@customer.test", name="Claire Martin", minutes=n))
    suggestions = (await scene.hear(messenger("1", name="Claire Martin", minutes=9))).suggestions
    assert [each.because.evidence[1].values["minutes"] for each in suggestions] == ["5", "6", "7"]


async def test_who_only_claims_the_name_is_not_suggested_beside_who_proves_an_address(scene: Scene) -> None:
    claire = await scene.hear(mail(name="Claire Martin"))
    await scene.hear(unproven_mail(name="Claire Martin", minutes=1))
    (suggestion,) = (await scene.hear(messenger("1", name="Claire Martin", minutes=2))).suggestions
    assert suggestion.customer_id == claire.customer_id


async def test_where_nobody_proves_anything_a_claimed_namesake_is_suggested(scene: Scene) -> None:
    unproven = await scene.hear(unproven_mail(name="Claire Martin"))
    (suggestion,) = (await scene.hear(messenger("1", name="Claire Martin", minutes=2))).suggestions
    assert suggestion.customer_id == unproven.customer_id
    assert not suggestion.linkable  # whoever forges that address would enter the linked one's dossiers


async def test_what_speaks_for_one_candidate_is_one_suggestion(scene: Scene) -> None:
    await scene.hear(mail(name="Claire Martin"))
    stranger = await scene.hear(chat("v9", claimed(f"email:{CLAIRE}"), name="Claire Martin", minutes=1))
    assert codes(stranger) == [["typed-address", "same-name", "wrote-recently"]]


async def test_a_customer_who_is_known_well_is_not_compared_again(scene: Scene) -> None:
    claire = await scene.hear(mail(name="Claire Martin"))
    await scene.hear(messenger("1", name="Claire Martin", minutes=1))
    assert (await scene.hear(mail(name="Claire Martin", minutes=2))).suggestions == ()
    await scene.links("messenger:page/1", claire.customer_id)
    assert (await scene.hear(messenger("1", name="Claire Martin", minutes=3))).suggestions == ()


async def test_an_automatic_answer_is_nobody_to_be_compared(scene: Scene) -> None:
    await scene.hear(messenger("1", name="Claire Martin"))
    assert (await scene.hear(mail(name="Claire Martin", automatic="auto-reply"))).suggestions == ()


async def test_nobody_is_suggested_to_themselves(scene: Scene) -> None:
    await scene.hear(mail(name="Claire Martin"))
    signed_in = await scene.hear(chat("v1", signed(f"email:{CLAIRE}"), name="Claire Martin"))
    typed_too = await scene.hear(chat("v1", claimed(f"email:{CLAIRE}"), name="Claire Martin"))
    assert signed_in.suggestions == typed_too.suggestions == ()
