"""Records: ids that are the same everywhere, lenient reading, headers of CloudEvents."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omnifil_contracts import cloudevents, ids
from omnifil_contracts.identity import Assurance, AssuredIdentity, Identity
from omnifil_contracts.message import InboundMessage, Sender
from omnifil_contracts.topics import BUILT_IN_CHANNELS, dead_letter_of, named
from pydantic import ValidationError

NOW = datetime(2026, 3, 2, 10, 2, tzinfo=UTC)


def a_message() -> InboundMessage:
    identity = Identity(kind="phone", value="+33123456789")
    return InboundMessage.make(
        channel="sms",
        account="gateway",
        conversation_key="+33123456789",
        provider_message_id="sms-1",
        sender=Sender(primary=AssuredIdentity(identity=identity, assurance=Assurance.CHANNEL)),
        text="Where is my order?",
        received_at=NOW,
    )


def test_a_message_has_the_same_id_wherever_it_is_computed() -> None:
    assert a_message().message_id == ids.message_id("sms", "gateway", "sms-1")
    assert a_message() == a_message()


@given(st.text(), st.text(), st.text())
def test_an_id_is_a_uuid_that_any_language_can_work_out(channel: str, account: str, provider_id: str) -> None:
    parts = ["message", channel, account, provider_id]
    name = "".join(f"{len(part)}:{part}" for part in parts)
    assert ids.message_id(channel, account, provider_id) == str(uuid5(ids.NAMESPACE, name))


@given(st.lists(st.text(), min_size=3, max_size=3), st.lists(st.text(), min_size=3, max_size=3))
def test_ids_of_different_things_differ_wherever_their_parts_end(one: list[str], other: list[str]) -> None:
    assert (ids.message_id(*one) == ids.message_id(*other)) == (one == other)


def test_a_dossier_number_has_no_letters_that_look_alike() -> None:
    number = ids.dossier_number(ids.dossier_id("customer", 1))
    assert number == ids.dossier_number(ids.dossier_id("customer", 1))
    assert not set(number.removeprefix("D-")) & set("01OIL")


def test_a_reader_ignores_what_a_newer_writer_adds() -> None:
    value = a_message().model_dump(mode="json") | {"urgency": "high"}
    assert InboundMessage.model_validate(value) == a_message()


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        InboundMessage.model_validate(a_message().model_dump() | {"received_at": datetime(2026, 3, 2)})  # noqa: DTZ001


def test_headers_follow_the_kafka_binding_of_cloudevents() -> None:
    paris = timezone(timedelta(hours=1))
    context = cloudevents.EventContext(id="1", source="/sms-gateway", time=NOW.astimezone(paris), subject="s")
    assert dict(cloudevents.headers(InboundMessage, context)) == {
        "ce_specversion": b"1.0",
        "ce_id": b"1",
        "ce_type": b"omnifil.message.received.v1",
        "ce_source": b"/sms-gateway",
        "ce_time": b"2026-03-02T10:02:00Z",
        "ce_subject": b"s",
        "content-type": b"application/json",
    }


def test_assurances_are_ordered() -> None:
    assert Assurance.VERIFIED.at_least(Assurance.CHANNEL)
    assert not Assurance.CLAIMED.at_least(Assurance.CHANNEL)


def test_every_channel_has_its_own_topics_all_the_way() -> None:
    names = {name for name, _ in named()}
    for channel in BUILT_IN_CHANNELS:
        assert {f"{stage}.{channel}.v1" for stage in ("inbound", "identified", "outbound")} <= names
    assert dead_letter_of("inbound.email.v1") == "inbound.email.v1.dead-letter"


def test_an_integrator_may_leave_out_what_follows_from_the_rest() -> None:
    written = a_message().model_dump(mode="json", exclude={"message_id": True, "conversation": {"conversation_id"}})
    assert InboundMessage.of_bytes(json.dumps(written).encode()) == a_message()


@pytest.mark.parametrize("wrong", [{"message_id": "mine"}, {"provider_message_id": "sms-2"}])
def test_an_id_that_belongs_to_another_message_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="does not follow"):
        InboundMessage.of_bytes(json.dumps(a_message().model_dump(mode="json") | wrong).encode())
