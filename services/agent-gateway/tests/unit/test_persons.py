"""Everything about a person: for agents with the role for it, and nobody else."""

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from omnifil_contracts.customer import CustomerChanged, LinkedIdentity, ReleasedIdentity
from omnifil_contracts.identity import SYSTEM, Assurance, Because, Evidence, Identity

DOOR = [
    ("GET", "/api/v1/customers/c1/export"),
    ("POST", "/api/v1/customers/c1/erase"),
    ("GET", "/api/v1/erasures/erasure-1"),
]
ERASE = {"command_id": "command-1"}


def privileged(gateway: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {gateway.issuer.token(roles=['agent', 'privacy'])}"}


def a_dossier(sha256: str) -> dict[str, Any]:
    message = {
        "direction": "inbound", "channel": "email", "subject": "Hello", "text": "It is me",
        "attachments": [{"sha256": sha256, "filename": "../../me.png"}],
        "raw": {"sha256": "f" * 64, "filename": "mail.eml"},
    }  # fmt: skip
    reply = {
        "reply_id": "r", "text": "Dear Ann", "attachments": [],
        "targets": [{"conversation": {"channel": "email"}}],
    }  # fmt: skip
    events = [
        {"type": "message_linked", "message": message},
        {"type": "reply_requested", **reply},
        {"type": "assigned"},
    ]
    return {
        "dossier": {"number": "D-2222-2222"},
        "entries": [{"occurred_at": f"2026-03-02T10:0{n}:00Z", "event": event} for n, event in enumerate(events)],
    }


@pytest.mark.parametrize(("method", "path"), DOOR)
async def test_without_a_token_nothing_is_shown_or_erased(gateway: Any, method: str, path: str) -> None:
    async with gateway.client() as http:
        assert (await http.request(method, path, json=ERASE)).status_code == 401


@pytest.mark.parametrize(("method", "path"), DOOR)
async def test_an_agent_without_the_role_is_refused(gateway: Any, method: str, path: str) -> None:
    async with gateway.client(gateway.issuer.token()) as http:
        answer = await http.request(method, path, json=ERASE)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")
    assert gateway.persons.asked == []


@pytest.mark.parametrize(("method", "path"), DOOR)
async def test_the_role_alone_makes_nobody_an_agent(gateway: Any, method: str, path: str) -> None:
    async with gateway.client(gateway.issuer.token(roles=["privacy"])) as http:
        answer = await http.request(method, path, json=ERASE)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-an-agent")


async def test_an_export_has_what_was_said_and_the_files_under_harmless_names(gateway: Any) -> None:
    async def content() -> Any:
        yield b"picture"

    picture = await gateway.files.put(content(), "me.png", "image/png")
    gateway.persons.holdings_of = [a_dossier(picture.sha256)]
    async with gateway.client() as http:
        answer = await http.get("/api/v1/customers/c1/export", headers=privileged(gateway))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="customer-c1.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    [file] = [name for name in archive.namelist() if name.startswith("files/")]
    assert ("/" not in file.removeprefix("files/"), archive.read(file)) == (True, b"picture")
    said = json.loads(archive.read("messages.json"))
    assert [(each["from"], each["text"]) for each in said] == [("you", "It is me"), ("us", "Dear Ann")]
    assert json.loads(archive.read("customer.json"))["customer_ids"] == ["c1", "c0"]
    assert len(json.loads(archive.read("dossiers.json"))[0]["entries"]) == 3
    assert json.loads(archive.read("about.json"))["missing_files"] == [f"originals/{'f' * 12}-mail.eml"]


async def test_a_dry_run_says_what_would_go_and_asks_for_nothing(gateway: Any) -> None:
    gateway.persons.holdings_of = [a_dossier("0" * 64)]
    async with gateway.client() as http:
        answer = await http.post(
            "/api/v1/customers/c1/erase", json={**ERASE, "dry_run": True}, headers=privileged(gateway)
        )
    told = answer.json()
    assert (answer.status_code, told["state"]) == (200, "planned")
    assert told["counts"] == {"identities": 1, "dossiers": 1}
    assert told["customer_ids"] == ["c1", "c0"]
    assert gateway.persons.asked == []


async def test_an_erasure_is_asked_for_in_the_agents_name(gateway: Any) -> None:
    async with gateway.client() as http:
        answer = await http.post("/api/v1/customers/c1/erase", json=ERASE, headers=privileged(gateway))
        unknown = await http.get("/api/v1/erasures/erasure-1", headers=privileged(gateway))
    assert answer.status_code == 202
    [(customer_id, command_id, agent)] = gateway.persons.asked
    assert (customer_id, command_id, agent.id) == ("c1", "command-1", "amelie")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "erasure-not-found")


async def test_a_reason_is_a_word_and_no_free_text(gateway: Any) -> None:
    async with gateway.client() as http:
        answer = await http.post(
            "/api/v1/customers/c1/erase", json={**ERASE, "reason": "Ann asked by phone"}, headers=privileged(gateway)
        )
    assert answer.status_code == 422


async def test_agents_are_told_whether_they_may(gateway: Any) -> None:
    async with gateway.client(gateway.issuer.token(roles=["agent", "privacy"])) as http:
        assert (await http.get("/api/v1/me")).json()["permissions"] == ["privacy"]
    async with gateway.client(gateway.issuer.token(roles=["agent"])) as http:
        assert (await http.get("/api/v1/me")).json()["permissions"] == []


async def test_an_export_holds_no_handle_and_no_name_of_somebody_else(gateway: Any) -> None:
    """A phone that a family shares, and an address that was hers by mistake and is Tom's."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    shared = Because(
        rule="shared-handle",
        evidence=(Evidence(code="different-names", values={"name": "Tom Berger", "other": "Ann", "count": "2"}),),
    )
    link = {"link_id": "link-1", "because": shared, "actor": SYSTEM}
    phone, toms = Identity(kind="phone", value="+33612345678"), Identity(kind="email", value="tom@x.example")
    gateway.persons.state_of = CustomerChanged(
        customer_id="c1",
        version=1,
        identities=(
            LinkedIdentity(
                identity=phone, assurance=Assurance.VERIFIED, since=now, shared=True, shared_because=shared, **link
            ),
        ),
        released=(ReleasedIdentity(identity=toms, to_customer_id="c2", at=now, **link),),
        first_seen_at=now,
        changed_at=now,
    )
    async with gateway.client() as http:
        answer = await http.get("/api/v1/customers/c1/export", headers=privileged(gateway))
    said = zipfile.ZipFile(io.BytesIO(answer.content)).read("customer.json").decode()
    assert json.loads(said)["identities"][0]["identity"]["value"] == "+33612345678"
    assert ("Tom" in said, "tom@" in said) == (False, False)
