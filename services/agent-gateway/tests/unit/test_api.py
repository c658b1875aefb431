"""The agents' HTTP API: no token, no data; what internal services say is passed on; orchestration of a confirmation."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from agent_gateway.domain.cursor import Cursor
from agent_gateway.ports import Answer
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.dossier import DossierView, Status, Suggestion
from omnifil_contracts.identity import Because, Evidence, Identity

NOW = datetime(2026, 3, 2, 10, 2, tzinfo=UTC)
DOOR = [
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/agents"),
    ("GET", "/api/v1/dossiers"),
    ("GET", "/api/v1/dossiers/d1"),
    ("GET", "/api/v1/dossiers/d1/timeline"),
    ("POST", "/api/v1/dossiers/d1/commands"),
    ("POST", "/api/v1/dossiers/d1/preview"),
    ("POST", "/api/v1/dossiers/d1/presence"),
    ("GET", "/api/v1/customers/c1"),
    ("GET", "/api/v1/customers/c1/journey"),
    ("POST", "/api/v1/links/l1/undo"),
    ("POST", "/api/v1/blobs"),
    ("GET", "/api/v1/blobs/" + "0" * 64),
    ("GET", "/api/v1/stream/sse"),
]


def a_view(*suggestions: Suggestion) -> DossierView:
    return DossierView(
        dossier_id="d1", seq=3, number="D-2222-2222", customer_id="c1", status=Status.OPEN,
        suggestions=suggestions, opened_at=NOW, last_entry_at=NOW,
    )  # fmt: skip


def a_suggestion(kind: Any = "same-customer") -> Suggestion:
    return Suggestion(
        suggestion_id="s1",
        kind=kind,
        conversation_id="conv",
        identity=Identity(kind="messenger", value="psid-1"),
        customer_id="c9",
        because=Because(rule="identity", evidence=(Evidence(code="same-name"),)),
    )


@pytest.mark.parametrize(("method", "path"), DOOR)
async def test_without_token_there_is_no_data(gateway: Any, method: str, path: str) -> None:
    async with gateway.client() as http:
        answer = await http.request(method, path)
    assert answer.status_code == 401
    assert answer.json()["code"] in ("token-missing", "token-invalid")


@pytest.mark.parametrize(("method", "path"), DOOR)
async def test_an_expired_token_is_refused_with_its_reason(gateway: Any, method: str, path: str) -> None:
    async with gateway.client(gateway.issuer.token(expires_in_s=-60)) as http:
        answer = await http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (401, "token-expired")


async def test_a_token_for_another_audience_is_refused(gateway: Any) -> None:
    async with gateway.client(gateway.issuer.token(aud="shop")) as http:
        assert (await http.get("/api/v1/me")).json()["code"] == "token-invalid"


async def test_who_is_no_agent_is_not_let_in(gateway: Any) -> None:
    async with gateway.client(gateway.issuer.token(roles=["customer"])) as http:
        answer = await http.get("/api/v1/dossiers")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-an-agent")


async def test_the_desktop_learns_where_to_sign_in_before_it_has_a_token(gateway: Any) -> None:
    async with gateway.client() as http:
        config = (await http.get("/api/v1/config")).json()
    assert config["authorize_url"] == "https://issuer.example/authorize"
    assert "secret" not in json.dumps(config)


async def test_a_snapshot_gets_a_cursor_of_both_topics(gateway: Any) -> None:
    watermark = "eyIwIjogNywgIjEiOiA5fQ"  # {"0": 7, "1": 9}
    body = json.dumps({"cursor": watermark, "dossiers": [], "next_page": None}).encode()
    gateway.cases.answers["/dossiers"] = Answer(200, body, "application/json")
    async with gateway.client(gateway.issuer.token()) as http:
        answer = (await http.get("/api/v1/dossiers")).json()
    assert Cursor.decode(answer["cursor"]).dossiers == {0: 7, 1: 9}
    assert answer["dossiers"] == []


async def test_what_case_service_refuses_reaches_the_agent_with_its_reason(gateway: Any) -> None:
    async with gateway.client(gateway.issuer.token()) as http:
        answer = await http.get("/api/v1/dossiers/nope")
    assert (answer.status_code, answer.json()) == (404, {"code": "dossier-not-found"})
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_command_goes_on_in_the_agents_name(gateway: Any) -> None:
    async with gateway.client(gateway.issuer.token("tom", name="Tom Berger")) as http:
        answer = await http.post(
            "/api/v1/dossiers/d1/commands",
            json={"command_id": "command-1", "command": {"type": "add_note", "text": "hm"}},
        )
    assert answer.json()["seq"] == 3
    [(dossier, body, agent)] = gateway.cases.commands
    assert (dossier, json.loads(body)["command"]["text"], agent.id, agent.name) == ("d1", "hm", "tom", "Tom Berger")


async def test_a_preview_is_asked_for_in_the_agents_name_and_commands_nothing(gateway: Any) -> None:
    async with gateway.client(gateway.issuer.token("tom", name="Tom Berger")) as http:
        answer = await http.post(
            "/api/v1/dossiers/d1/preview", json={"command": {"type": "merge_dossier", "into_dossier_id": "d2"}}
        )
    assert answer.json() == {"messages": 2}
    [(dossier, body, agent)] = gateway.cases.previews
    assert (dossier, json.loads(body)["command"]["into_dossier_id"], agent.id) == ("d1", "d2", "tom")
    assert gateway.cases.commands == []


async def test_a_command_that_is_none_is_refused_without_repeating_it(gateway: Any) -> None:
    async with gateway.client(gateway.issuer.token()) as http:
        answer = await http.post(
            "/api/v1/dossiers/d1/commands",
            json={"command_id": "command-1", "command": {"type": "burn", "text": "secret words"}},
        )
    assert answer.status_code == 422
    assert "secret words" not in answer.text
    assert gateway.cases.commands == []


async def test_confirming_who_it_is_links_the_identity_and_then_resolves_the_suggestion(gateway: Any) -> None:
    gateway.cases.views["d1"] = a_view(a_suggestion())
    gateway.profiles.customers["c9"] = CustomerChanged(customer_id="c9", version=2, first_seen_at=NOW, changed_at=NOW)
    command = {"type": "resolve_suggestion", "suggestion_id": "s1", "accept": True}
    async with gateway.client(gateway.issuer.token()) as http:
        for _ in range(2):
            answer = await http.post(
                "/api/v1/dossiers/d1/commands", json={"command_id": "command-1", "command": command}
            )
            assert answer.status_code == 200
    (customer, first_id, link), (_, second_id, _) = gateway.profiles.links
    assert (customer, link.identity.key) == ("c9", "messenger:psid-1")
    assert [evidence.code for evidence in link.because.evidence] == ["agent-confirmed", "same-name"]
    assert first_id == second_id, "asked again, it is the same step"
    assert len(gateway.cases.commands) == 2


@pytest.mark.parametrize(("suggestion", "accept"), [(a_suggestion("same-matter"), True), (a_suggestion(), False)])
async def test_only_an_accepted_same_customer_suggestion_links_an_identity(
    gateway: Any, suggestion: Suggestion, accept: bool
) -> None:
    gateway.cases.views["d1"] = a_view(suggestion)
    command = {"type": "resolve_suggestion", "suggestion_id": "s1", "accept": accept}
    async with gateway.client(gateway.issuer.token()) as http:
        await http.post("/api/v1/dossiers/d1/commands", json={"command_id": "command-1", "command": command})
    assert gateway.profiles.links == []
    assert len(gateway.cases.commands) == 1


async def test_the_card_of_a_merged_customer_is_that_of_who_they_are_now(gateway: Any) -> None:
    def customer(customer_id: str, merged_into: str | None = None) -> CustomerChanged:
        return CustomerChanged(
            customer_id=customer_id, version=1, merged_into=merged_into, first_seen_at=NOW, changed_at=NOW
        )

    gateway.profiles.customers = {"b": customer("b", merged_into="c1"), "c1": customer("c1")}
    gateway.cases.views["d1"] = a_view()
    async with gateway.client(gateway.issuer.token()) as http:
        card = (await http.get("/api/v1/customers/b")).json()
    assert card["customer"]["customer_id"] == "c1"
    assert [dossier["dossier_id"] for dossier in card["dossiers"]] == ["d1"]


async def test_a_file_comes_back_as_it_went_and_never_as_a_page(gateway: Any) -> None:
    page = b"<script>alert(1)</script>"
    async with gateway.client(gateway.issuer.token()) as http:
        stored = (await http.post("/api/v1/blobs", files={"file": ("x.html", page, "text/html")})).json()
        answer = await http.get(
            f"/api/v1/blobs/{stored['sha256']}", params={"filename": 'a"\r\nb.html', "media_type": "text/html"}
        )
        missing = await http.get("/api/v1/blobs/" + "0" * 64)
    assert answer.content == page
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%22%0D%0Ab.html"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (missing.status_code, missing.json()["code"]) == (404, "blob-not-found")


async def test_presence_is_told_to_agents_and_to_the_other_ends(gateway: Any) -> None:
    async with gateway.client(gateway.issuer.token()) as http:
        answer = await http.post(
            "/api/v1/dossiers/d1/presence", json={"activity": "typing", "conversation_ids": ["conv"]}
        )
    assert answer.status_code == 204
    assert [(said.dossier_id, said.conversation_id) for said in gateway.presences.said] == [
        ("d1", None),
        (None, "conv"),
    ]


async def test_an_unknown_api_path_is_a_problem_and_not_the_desktop(gateway: Any) -> None:
    async with gateway.client() as http:
        assert (await http.get("/api/v1/nothing")).json()["code"] == "not-found"
