"""The service as it runs, between real topics and a real database."""

import pytest
from omnifil_contracts import ids
from omnifil_contracts.identity import Assurance
from omnifil_testkit.builders import a_sender, an_identity, an_inbound_message
from profile_scenes.town import Town

pytestmark = pytest.mark.integration


async def test_a_message_comes_out_with_its_customer(town: Town) -> None:
    message = an_inbound_message()
    async with town.running("consume"):
        await town.write(message)
        (identified,) = await town.identified()
    assert identified.record.message == message
    assert identified.record.customer_id == ids.customer_id("email:claire@customer.test") == identified.key
    assert identified.record.because.rule == "new-customer"


async def test_a_chat_signed_by_the_shop_is_the_customer_who_wrote_a_mail(town: Town) -> None:
    mail = an_inbound_message()
    chat = an_inbound_message(
        channel="chat",
        sender=a_sender("v-1", "visitor", Assurance.CHANNEL, others=(an_identity("Claire@Customer.test"),)),
    )
    async with town.running("consume", "relay"):
        await town.write(mail)
        (by_mail,) = await town.identified()
        await town.write(chat)
        (by_chat,) = await town.identified("chat")
        assert by_chat.record.customer_id == by_mail.record.customer_id
        states = await town.customer_events(2)
    assert {each.identity.key for each in states[-1].identities} == {"email:claire@customer.test", "visitor:v-1"}
    assert [state.version for state in states] == sorted({state.version for state in states})
