"""The rules by which a message gets its customer."""

from omnifil_contracts import ids
from omnifil_contracts.identity import Assurance
from profile_scenes.people import (
    CLAIRE,
    chat,
    claimed,
    handle,
    mail,
    messenger,
    signed,
    unproven_mail,
    vouched,
    written,
)
from profile_scenes.scene import Scene


async def test_who_is_unknown_becomes_a_customer_anchored_at_the_strongest_handle(scene: Scene) -> None:
    identified = await scene.hear(chat("v1", signed("shop-account:77"), signed(f"email:{CLAIRE}")))
    assert identified.customer_id == ids.customer_id(f"email:{CLAIRE}")
    assert (identified.because.rule, identified.because.evidence[0].code) == ("new-customer", "signed-by-site")
    customer = await scene.desk.customer(identified.customer_id)
    assert [each.identity.kind for each in customer.identities] == ["email", "shop-account", "visitor"]
    assert [each.because.rule for each in customer.identities] == ["new-customer", "same-sender", "same-sender"]


async def test_a_known_handle_is_its_customer_and_says_why(scene: Scene) -> None:
    first = await scene.hear(mail())
    again = await scene.hear(mail("Claire@CUSTOMER.test"))
    assert again.customer_id == first.customer_id
    assert again.because.rule == "identity"
    assert [each.code for each in again.because.evidence] == ["known-handle", "dmarc-pass"]
    assert again.assured


async def test_a_handle_that_comes_with_a_known_one_is_linked_by_itself(scene: Scene) -> None:
    by_mail = await scene.hear(mail())
    by_chat = await scene.hear(chat("v1", signed(f"email:{CLAIRE}"), signed("shop-account:77")))
    assert by_chat.customer_id == by_mail.customer_id
    assert by_chat.because.evidence[-1].code == "signed-by-site"
    assert await scene.owner("shop-account:77") == await scene.owner("visitor:v1") == by_mail.customer_id
    (visitor,) = [
        each for each in (await scene.desk.customer(by_mail.customer_id)).identities if each.identity.kind == "visitor"
    ]
    assert visitor.because.rule == "same-sender"
    assert [each.code for each in visitor.because.evidence] == ["signed-by-site", "platform-account"]


async def test_a_typed_address_never_links(scene: Scene) -> None:
    claire = await scene.hear(mail())
    stranger = await scene.hear(chat("v9", claimed(f"email:{CLAIRE}")))
    assert stranger.customer_id == ids.customer_id("visitor:v9") != claire.customer_id
    assert await scene.owner("visitor:v9") == stranger.customer_id
    assert await scene.owner(f"email:{CLAIRE}") == claire.customer_id


async def test_a_typed_address_claims_nothing_for_the_one_who_proves_it_later(scene: Scene) -> None:
    stranger = await scene.hear(chat("v9", claimed(f"email:{CLAIRE}")))
    claire = await scene.hear(mail())
    assert claire.customer_id != stranger.customer_id
    assert claire.because.rule == "new-customer"


async def test_only_a_signature_proves_a_handle_that_came_along(scene: Scene) -> None:
    claire = await scene.hear(mail())
    stranger = await scene.hear(chat("v9", vouched(f"email:{CLAIRE}")))
    assert stranger.customer_id != claire.customer_id


async def test_an_unproven_mail_is_nobody_but_itself(scene: Scene) -> None:
    claire = await scene.hear(mail())
    spoofed = await scene.hear(unproven_mail())
    again = await scene.hear(unproven_mail())
    assert spoofed.customer_id == again.customer_id == ids.customer_id(f"email-unproven:{CLAIRE}")
    assert spoofed.customer_id != claire.customer_id
    assert not spoofed.assured
    assert not again.assured


async def test_a_claim_under_the_proven_kind_is_kept_apart_all_the_same(scene: Scene) -> None:
    """An integrator's form sends the phone that somebody typed as `phone`, claimed."""
    proven = await scene.hear(written("sms", vouched("phone:+33600000001")))
    typed = await scene.hear(written("form", claimed("phone:+33600000001")))
    assert typed.customer_id == ids.customer_id("phone-unproven:+33600000001") != proven.customer_id
    assert not typed.assured


async def test_an_unproven_kind_proves_nothing_whatever_its_channel_says(scene: Scene) -> None:
    identified = await scene.hear(written("email", handle(f"email-unproven:{CLAIRE}", Assurance.VERIFIED)))
    assert not identified.assured
    assert identified.customer_id == ids.customer_id(f"email-unproven:{CLAIRE}")


async def test_a_shared_browser_does_not_merge_two_persons(scene: Scene) -> None:
    claire = await scene.hear(chat("family", signed(f"email:{CLAIRE}")))
    paul = await scene.hear(chat("family", signed("email:paul@customer.test")))
    assert paul.customer_id == ids.customer_id("email:paul@customer.test") != claire.customer_id
    assert await scene.owner("visitor:family") not in (claire.customer_id, paul.customer_id)
    assert paul.suggestions == ()
    assert (await scene.hear(chat("family", signed("email:paul@customer.test")))).customer_id == paul.customer_id


async def test_who_chatted_before_anonymously_in_that_browser_stays_who_they_were(scene: Scene) -> None:
    anonymous = await scene.hear(chat("family"))
    claire = await scene.hear(chat("family", signed(f"email:{CLAIRE}")))
    assert claire.customer_id == ids.customer_id(f"email:{CLAIRE}")
    assert await scene.owner("visitor:family") == anonymous.customer_id


async def test_a_proven_handle_of_somebody_else_is_never_moved_silently(scene: Scene) -> None:
    claire = await scene.hear(mail())
    account = await scene.hear(chat("v2", signed("shop-account:77")))
    both = await scene.hear(chat("v3", signed(f"email:{CLAIRE}"), signed("shop-account:77")))
    assert both.customer_id == claire.customer_id
    assert await scene.owner("shop-account:77") == account.customer_id
    (suggestion,) = both.suggestions
    assert (suggestion.customer_id, suggestion.linkable) == (account.customer_id, True)
    assert suggestion.because.evidence[0].code == "handle-of-other-customer"


async def test_the_handle_of_the_channel_goes_before_what_came_along(scene: Scene) -> None:
    phone = await scene.hear(written("sms", vouched("phone:+33600000001")))
    await scene.hear(mail())
    both = await scene.hear(written("sms", vouched("phone:+33600000001"), signed(f"email:{CLAIRE}")))
    assert both.customer_id == phone.customer_id


async def test_an_unproven_primary_with_a_signature_is_who_signed(scene: Scene) -> None:
    account = await scene.hear(written("form", claimed("email-unproven:x@y.test"), signed("shop-account:77")))
    assert account.customer_id == ids.customer_id("shop-account:77")
    assert account.assured
    assert await scene.identities.by_keys(["email-unproven:x@y.test", "email:x@y.test"]) == {}


async def test_an_echo_is_in_the_customers_conversation(scene: Scene) -> None:
    customer = await scene.hear(messenger("1", name="Claire Martin"))
    echo = await scene.hear(messenger("1", name="Atelier Brume", direction="echo", minutes=1))
    assert echo.customer_id == customer.customer_id
    assert (await scene.desk.customer(customer.customer_id)).display_name == "Claire Martin"


async def test_the_second_message_of_a_batch_knows_what_the_first_made_known(scene: Scene) -> None:
    first, second, third = await scene.hears(mail(), chat("v1", signed(f"email:{CLAIRE}")), chat("v1"))
    assert first.customer_id == second.customer_id == third.customer_id
    assert [each.because.rule for each in (first, second, third)] == ["new-customer", "identity", "identity"]


async def test_a_redelivery_gives_the_same_records(scene: Scene) -> None:
    messages = [
        mail(name="Claire Martin"),
        chat("v1", signed(f"email:{CLAIRE}"), signed("shop-account:77"), name="Claire"),
        chat("v2", claimed(f"email:{CLAIRE}"), name="Claire M."),
        unproven_mail(name="Claire Martin"),
        chat("v3", signed("shop-account:77"), signed("email:other@customer.test")),
    ]
    once = await scene.hears(*messages)
    assert await scene.hears(*messages) == once
    assert [await scene.hear(message) for message in messages] == once


async def test_the_record_carries_the_name_that_the_surest_handle_gave(scene: Scene) -> None:
    claire = await scene.hear(mail(name="Claire Martin"))
    await scene.hear(messenger("1", name="Clairette"))
    await scene.links("messenger:page/1", claire.customer_id)
    again = await scene.hear(messenger("1", name="Clairette 🌸", minutes=5))
    assert again.customer_id == claire.customer_id
    assert [each.code for each in again.because.evidence][:2] == ["agent-confirmed", "known-handle"]
    # Both are verified now; the later name of equals counts.
    assert again.customer_name == "Clairette 🌸"
