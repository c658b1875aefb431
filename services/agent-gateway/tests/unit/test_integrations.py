"""The door of shops and CRMs: each in its own name, not faster than agreed, and nothing else than facts."""

from typing import Any

import pytest
from agent_gateway.domain.pace import Pace
from agent_gateway.settings import GatewaySettings, Integration
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

SHOP, CRM = "shop-token-of-thirty-two-letters!", "crm-token-of-thirty-two-letters!!"
UPDATE = {
    "update_id": "u1",
    "source": "shop",
    "identity": {"kind": "email", "value": "claire@customer.test"},
    "attributes": [{"name": "birthday", "value": "1990-05-01"}],
    "occurred_at": "2026-03-02T12:00:00Z",
}


@pytest.fixture
def settings(settings: GatewaySettings) -> GatewaySettings:
    integrations = tuple(
        Integration(source=source, token=SecretStr(token)) for source, token in (("shop", SHOP), ("crm", CRM))
    )
    return settings.model_copy(update={"gateway_integrations": integrations, "gateway_integration_updates_per_s": 0.3})


async def pushed(gateway: Any, token: str | None, update: Any = UPDATE) -> Any:
    async with gateway.client(token) as http:
        return await http.post("/api/v1/profile-updates", json=update)


async def test_what_a_shop_pushes_is_passed_on(gateway: Any) -> None:
    answer = await pushed(gateway, SHOP)
    assert answer.status_code == 202
    assert [update.update_id for update in gateway.profiles.pushed] == ["u1"]


@pytest.mark.parametrize("token", [None, "x" * 33, ""])
async def test_without_its_token_nothing_is_taken(gateway: Any, token: str | None) -> None:
    answer = await pushed(gateway, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "integration-token-invalid")
    assert gateway.profiles.pushed == []


async def test_an_agents_token_is_no_integrations(gateway: Any) -> None:
    assert (await pushed(gateway, gateway.issuer.token())).status_code == 401


async def test_nobody_speaks_in_anothers_name(gateway: Any) -> None:
    answer = await pushed(gateway, CRM)
    assert (answer.status_code, answer.json()["code"]) == (403, "other-source")
    assert gateway.profiles.pushed == []


async def test_an_integrations_token_opens_nothing_else(gateway: Any) -> None:
    async with gateway.client(SHOP) as http:
        assert (await http.get("/api/v1/dossiers")).status_code == 401


async def test_who_is_too_fast_is_told_when_to_come_again_and_others_are_not_held_up(gateway: Any) -> None:
    for _ in range(3):
        assert (await pushed(gateway, SHOP)).status_code == 202
    answer = await pushed(gateway, SHOP)
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
    assert int(answer.headers["Retry-After"]) >= 1
    assert (await pushed(gateway, CRM, {**UPDATE, "source": "crm"})).status_code == 202


async def test_a_malformed_update_says_what_is_wrong(gateway: Any) -> None:
    answer = await pushed(gateway, SHOP, {**UPDATE, "occurred_at": "yesterday"})
    assert answer.status_code == 422
    assert "claire" not in answer.text


async def test_too_much_is_refused(gateway: Any) -> None:
    answer = await pushed(gateway, SHOP, {**UPDATE, "note": "x" * 1_100_000})
    assert answer.status_code == 413


@given(st.lists(st.floats(0, 2), max_size=60))
def test_nobody_gets_more_than_the_burst_and_what_has_come_since(pauses: list[float]) -> None:
    pace, now, taken = Pace(per_s=3, burst=5), 0.0, 0
    for pause in pauses:
        now += pause
        taken += pace.take(now) == 0
    assert taken <= 5 + 3 * now + 1e-6
