"""What is left of a record that was a person's."""

from typing import Any

import pytest
from omnifil_contracts import dossier, schemas
from omnifil_contracts.erasure import ERASED, emptied
from omnifil_contracts.identity import Assurance, AssuredIdentity, Evidence, Identity
from omnifil_contracts.message import Attachment, InboundMessage, Participant, Sender
from omnifil_testkit.builders import NOON

FILE = Attachment(sha256="0" * 64, filename="passport of Zoe.png", media_type="image/png", size_bytes=1)
ZOE = AssuredIdentity(
    identity=Identity(kind="email", value="zoe@person.example"),
    assurance=Assurance.VERIFIED,
    evidence=(Evidence(code="dmarc-pass", values={"domain": "zoe-at-home.example"}),),
)


def message() -> InboundMessage:
    return InboundMessage.make(
        channel="email",
        account="support@shop.example",
        conversation_key="<root-of-zoe@person.example>",
        provider_message_id="<of-zoe@person.example>",
        ancestors=("<root-of-zoe@person.example>",),
        sender=Sender(primary=ZOE, others=(ZOE,), display_name="Zoe Person"),
        participants=(Participant(identity=ZOE.identity, display_name="Zoe again"),),
        subject="Zoe's order",
        text="It is me, Zoe.",
        html="<p>It is me, Zoe.</p>",
        attachments=(FILE,),
        raw=FILE,
        received_at=NOON,
    )


def test_nothing_of_the_person_is_left_and_it_reads_like_any_other_record() -> None:
    left = emptied(message())
    told = left.model_dump_json()
    assert "zoe" not in told.lower()
    assert "0" * 64 not in told
    assert InboundMessage.model_validate_json(told) == left


def test_ids_instants_channels_and_codes_stay() -> None:
    before, left = message(), emptied(message())
    assert left.message_id == before.message_id
    assert left.conversation.conversation_id == before.conversation.conversation_id
    assert (left.channel, left.account, left.received_at) == (before.channel, before.account, before.received_at)
    assert left.sender.primary.identity == Identity(kind="email", value=ERASED)
    assert left.sender.primary.assurance is Assurance.VERIFIED
    assert left.sender.primary.evidence == (Evidence(code="dmarc-pass"),)


def test_emptying_again_changes_nothing() -> None:
    assert emptied(emptied(message())) == emptied(message())


def _marked(schema: Any) -> int:
    if isinstance(schema, dict):
        return (schema.get("x-personal-data") is True) + sum(_marked(each) for each in schema.values())
    return sum(_marked(each) for each in schema) if isinstance(schema, list) else 0


@pytest.mark.parametrize("record", schemas.records(), ids=lambda record: record.__name__)
def test_every_marked_field_is_one_that_can_be_emptied(record: Any) -> None:
    """Whoever marks a field of another kind must say here what it holds when it holds nothing."""
    from omnifil_contracts.erasure import _is_personal, _nothing
    from omnifil_contracts.record import Value

    seen: set[type] = set()

    def below(model: type[Value]) -> None:
        if model in seen:
            return
        seen.add(model)
        for name, field in model.model_fields.items():
            if _is_personal(field):
                assert _nothing(model, name) in (None, "", ERASED, b"", {}, ())
        for inner in vars(dossier).values():
            if isinstance(inner, type) and issubclass(inner, Value):
                below(inner)

    below(record)
    assert seen
