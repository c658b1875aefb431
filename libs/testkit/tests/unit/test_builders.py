from omnifil_testkit.builders import an_identified_message, an_inbound_message


def test_two_messages_differ_unless_told_otherwise() -> None:
    assert an_inbound_message().message_id != an_inbound_message().message_id
    same = an_inbound_message(provider_message_id="<1@x>"), an_inbound_message(provider_message_id="<1@x>")
    assert same[0] == same[1]


def test_overrides_reach_the_record() -> None:
    message = an_inbound_message(channel="chat", account="shop", conversation_key="s1", text="Hello")
    assert (message.conversation.key, message.channel, message.text) == ("s1", "chat", "Hello")
    assert an_identified_message(message, assured=False).assured is False
