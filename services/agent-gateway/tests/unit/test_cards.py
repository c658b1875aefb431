"""The card and the journey, put together from two services."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from agent_gateway.cards import most_used
from agent_gateway.ports import Answer
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.profile import Profile, SourcedRecord
from omnifil_contracts.views import Contact, Journey

NOW = datetime.now(UTC)


def said(minutes_ago: float, channel: str = "email", kind: Any = "message") -> Contact:
    return Contact(at=NOW - timedelta(minutes=minutes_ago), kind=kind, channel=channel, dossier_id="d1", text="…")


def record(minutes_ago: float, record_id: str = "4711") -> SourcedRecord:
    return SourcedRecord(
        kind="order", record_id=record_id, title="A teapot", at=NOW - timedelta(minutes=minutes_ago), source="shop"
    )


def knows(gateway: Any, *records: SourcedRecord, preferred: str | None = None, **rest: Any) -> None:
    profile = Profile(records=records, preferred_channel=preferred)
    gateway.profiles.customers["c1"] = CustomerChanged(
        customer_id="c1", version=1, first_seen_at=NOW, changed_at=NOW, profile=profile, **rest
    )


def has_said(gateway: Any, *contacts: Contact, next_before: datetime | None = None) -> None:
    page = Journey(contacts=contacts, next_before=next_before)
    gateway.cases.answers["/customers/c1/contacts"] = Answer(200, page.model_dump_json().encode(), "application/json")


async def asked(gateway: Any, path: str) -> Any:
    async with gateway.client(gateway.issuer.token()) as http:
        answer = await http.get(f"/api/v1/customers/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_journey_has_what_was_said_and_what_others_have_on_record_in_time(gateway: Any) -> None:
    knows(gateway, record(2), record(30, "4712"))
    has_said(gateway, said(1), said(5, kind="reply"))
    journey = Journey.model_validate(await asked(gateway, "c1/journey"))
    assert [each.kind for each in journey.contacts] == ["message", "record", "reply", "record"]
    assert journey.contacts[1].record == record(2)


async def test_every_record_is_on_exactly_one_page(gateway: Any) -> None:
    knows(gateway, *(record(minutes, str(minutes)) for minutes in (0, 5, 10, 15, 20)))
    cut = NOW - timedelta(minutes=10)
    has_said(gateway, said(1), said(10), next_before=cut)
    first = Journey.model_validate(await asked(gateway, "c1/journey?limit=2"))
    assert first.next_before == cut
    has_said(gateway, said(12))
    before = cut.isoformat().replace("+00:00", "Z")
    second = Journey.model_validate(await asked(gateway, f"c1/journey?limit=2&before={before}"))
    pages = [[each.record.record_id for each in page.contacts if each.record] for page in (first, second)]
    assert pages == [["0", "5", "10"], ["15", "20"]]
    asked_for = [query for path, query in gateway.cases.queries if path == "/customers/c1/contacts"][-1]
    assert asked_for == {"limit": "2", "before": cut.isoformat()}


async def test_the_journey_of_who_was_merged_is_that_of_who_they_are_now(gateway: Any) -> None:
    knows(gateway, record(2))
    for old, merged_into in (("a", "b"), ("b", "c1")):
        gateway.profiles.customers[old] = CustomerChanged(
            customer_id=old, version=1, merged_into=merged_into, first_seen_at=NOW, changed_at=NOW
        )
    has_said(gateway, said(1))
    assert len((await asked(gateway, "a/journey"))["contacts"]) == 2


async def test_what_they_asked_for_goes_before_what_they_use(gateway: Any) -> None:
    knows(gateway, preferred="sms")
    has_said(gateway, said(1, "chat"))
    card = await asked(gateway, "c1")
    assert (card["preferred_channel"], card["preferred_channel_from"]) == ("sms", "stated")


async def test_else_it_is_the_channel_that_they_use_most(gateway: Any) -> None:
    knows(gateway)
    has_said(gateway, said(1, "chat"), said(2, "email"), said(3, "email"), said(4, "social", kind="reply"))
    card = await asked(gateway, "c1")
    assert (card["preferred_channel"], card["preferred_channel_from"]) == ("email", "journey")


async def test_who_never_wrote_prefers_nothing(gateway: Any) -> None:
    knows(gateway)
    card = await asked(gateway, "c1")
    assert (card["preferred_channel"], card["preferred_channel_from"]) == (None, None)


@pytest.mark.parametrize(
    ("contacts", "channel"),
    [
        ([said(1, "chat"), said(2, "email")], "chat"),
        ([said(1, "chat"), said(10_000, "email"), said(10_001, "email")], "chat"),
        ([said(1, "chat", kind="reply")], None),
    ],
)
def test_of_several_the_last_and_nothing_that_is_long_ago(contacts: list[Contact], channel: str | None) -> None:
    assert most_used(contacts, NOW - timedelta(days=1)) == channel
