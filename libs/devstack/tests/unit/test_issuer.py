"""The demo's issuer, judged by the verifier that the services use."""

import base64
import hashlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from omnifil_devstack.world.issuer import Issuer, issuer_routes
from omnifil_servicekit.auth import TokenExpired, TokenVerifier

URL = "http://world.test"
_VERIFIER = "v" * 48
_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).rstrip(b"=").decode()
_BACK = "http://127.0.0.1:7116/signin/callback"


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(issuer_routes(Issuer(URL, tmp_path)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL)


def verifier(client: httpx.AsyncClient) -> TokenVerifier:
    return TokenVerifier(URL, "omnifil", f"{URL}/jwks", http=client, leeway_s=0)


async def _password(client: httpx.AsyncClient, **more: str) -> httpx.Response:
    form = {"grant_type": "password", "username": "camille", "password": "demo"} | more
    return await client.post("/token", data=form)


async def test_a_password_gives_a_token_that_the_services_take(client: httpx.AsyncClient) -> None:
    token = (await _password(client)).json()["access_token"]
    claims = await verifier(client).verify(token)
    assert (claims.subject, claims.name, claims.raw["roles"]) == ("camille", "Camille Durand", ["agent", "privacy"])


async def test_a_wrong_password_gives_none(client: httpx.AsyncClient) -> None:
    refused = await _password(client, password="guess")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


async def test_a_short_life_can_be_asked_for(client: httpx.AsyncClient) -> None:
    token = (await _password(client, expires_in="-1")).json()["access_token"]
    with pytest.raises(TokenExpired):
        await verifier(client).verify(token)


async def _code(client: httpx.AsyncClient) -> str:
    form = {"username": "alex", "redirect_uri": _BACK, "code_challenge": _CHALLENGE, "state": "s1"}
    sent_back = await client.post("/authorize", data=form)
    assert sent_back.status_code == 303
    answer = parse_qs(urlsplit(sent_back.headers["location"]).query)
    assert answer["state"] == ["s1"]
    return answer["code"][0]


async def test_the_desktop_trades_a_code_once_and_renews(client: httpx.AsyncClient) -> None:
    code = await _code(client)
    trade = {"grant_type": "authorization_code", "code": code, "code_verifier": _VERIFIER, "redirect_uri": _BACK}
    tokens = (await client.post("/token", data=trade)).json()
    assert (await verifier(client).verify(tokens["access_token"])).subject == "alex"
    assert (await client.post("/token", data=trade)).status_code == 400
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await client.post("/token", data=renewal)).status_code == 200


async def test_a_stolen_code_is_worth_nothing_without_its_verifier(client: httpx.AsyncClient) -> None:
    trade = {"grant_type": "authorization_code", "code": await _code(client), "redirect_uri": _BACK}
    assert (await client.post("/token", data=trade | {"code_verifier": "other"})).status_code == 400


@pytest.mark.parametrize("target", ["https://evil.test/", "http://evil.test/", "javascript:alert(1)", ""])
async def test_nobody_is_sent_off_this_machine(client: httpx.AsyncClient, target: str) -> None:
    asked = {
        "redirect_uri": target,
        "response_type": "code",
        "code_challenge_method": "S256",
        "code_challenge": _CHALLENGE,
    }
    assert (await client.get("/authorize", params=asked)).status_code == 400
    form = {"username": "alex", "redirect_uri": target, "code_challenge": _CHALLENGE}
    assert (await client.post("/authorize", data=form)).status_code in (400, 422)


async def test_the_key_outlives_a_restart(tmp_path: Path) -> None:
    assert Issuer(URL, tmp_path).keys == Issuer(URL, tmp_path).keys
