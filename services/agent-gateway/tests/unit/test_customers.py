"""What agents do to customers goes on to customer-profile in their name, and comes back as it was answered."""

import json
from typing import Any

import pytest
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.dossier import DossierView, Status
from omnifil_testkit.builders import NOON

IDENTITY = {"kind": "messenger", "value": "page/1"}
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("/customers/c1/identities", {"link": {"identity": IDENTITY}}),
    ("/customers/c1/merge", {"other_customer_id": "c2"}),
    ("/customers/c1/split", {"identities": [IDENTITY]}),
    ("/merges/m1/undo", {}),
    ("/identities/shared", {"identity": IDENTITY, "shared": True}),
]


def a_customer(customer_id: str) -> CustomerChanged:
    return CustomerChanged(customer_id=customer_id, version=1, first_seen_at=NOON, changed_at=NOON)


@pytest.mark.parametrize(("path", "body"), ASKED)
async def test_a_change_of_customers_goes_on_in_the_agents_name(gateway: Any, path: str, body: dict[str, Any]) -> None:
    async with gateway.client(gateway.issuer.token("tom", name="Tom Berger")) as http:
        answer = await http.post(f"/api/v1{path}", json={"command_id": "command-1", **body})
    assert (answer.status_code, answer.json()) == (409, {"code": "customer-conflict"})
    assert answer.headers["content-type"] == "application/problem+json"
    [(went_to, told, agent)] = gateway.profiles.commands
    assert (went_to, agent.id, agent.name) == (path, "tom", "Tom Berger")
    assert json.loads(told)["command_id"] == "command-1"
    said = json.loads(told)
    assert {key: said[key] for key in body if key != "link"} == {key: body[key] for key in body if key != "link"}


@pytest.mark.parametrize(("path", "body"), ASKED)
async def test_nobody_changes_customers_without_a_token_or_a_command_id(
    gateway: Any, path: str, body: dict[str, Any]
) -> None:
    async with gateway.client() as http:
        assert (await http.post(f"/api/v1{path}", json={"command_id": "command-1", **body})).status_code == 401
    async with gateway.client(gateway.issuer.token()) as http:
        assert (await http.post(f"/api/v1{path}", json=body)).status_code == 422
    assert gateway.profiles.commands == []


async def test_a_preview_of_a_merge_counts_the_dossiers_that_would_change_hands(gateway: Any) -> None:
    gateway.profiles.customers = {each: a_customer(each) for each in ("c1", "c2")}
    for number, customer in enumerate(["c1", "c2", "c2"]):
        view = DossierView(
            dossier_id=f"d{number}", seq=1, number="D-2222-2222", customer_id=customer, status=Status.OPEN,
            opened_at=NOON, last_entry_at=NOON,
        )  # fmt: skip
        gateway.cases.views[view.dossier_id] = view
    async with gateway.client(gateway.issuer.token()) as http:
        preview = (await http.get("/api/v1/customers/c1/merge-preview?other=c2")).json()
        assert (preview["customer"]["customer_id"], preview["other"]["customer_id"]) == ("c1", "c2")
        assert preview["dossiers"] == 2
        refused = await http.get("/api/v1/customers/c1/merge-preview?other=nobody")
    assert (refused.status_code, refused.json()["code"]) == (404, "customer-not-found")
    assert gateway.profiles.commands == []
