import asyncio
import json
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from fastapi import Depends, FastAPI
from omnifil_servicekit.auth import Claims, TokenExpired, TokenInvalid, TokenVerifier, require_internal, require_token
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.problem import install
from pydantic import SecretStr

ISSUER, AUDIENCE = "https://issuer.test", "omnifil"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
KEYS: dict[str, tuple[Any, str, Any]] = {
    "rsa": (RSA, "RS256", jwt.algorithms.RSAAlgorithm),
    "ec": (EC, "ES256", jwt.algorithms.ECAlgorithm),
    "ed": (ED, "EdDSA", jwt.algorithms.OKPAlgorithm),
}


def published(*kids: str) -> dict[str, Any]:
    keys = []
    for kid in kids:
        private, _, algorithm = KEYS[kid]
        keys.append({**json.loads(algorithm.to_jwk(private.public_key())), "kid": kid, "use": "sig"})
    return {"keys": keys}


def token(kid: str | None = "rsa", *, key: str = "rsa", algorithm: str | None = None, **claims: Any) -> str:
    now = int(time.time())
    content = {"iss": ISSUER, "aud": AUDIENCE, "sub": "agent-1", "iat": now, "exp": now + 60, **claims}
    content = {name: value for name, value in content.items() if value is not None}
    private, own, _ = KEYS[key]
    return jwt.encode(content, private, algorithm or own, headers={"kid": kid} if kid else None)


class Issuer:
    """Publishes keys; counts how often it was asked."""

    def __init__(self) -> None:
        self.document: Any = published("rsa")
        self.status = 200
        self.asked = 0
        self.now = 1000.0

    async def answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await asyncio.sleep(0)  # others get their turn meanwhile, as on a network
        return httpx.Response(self.status, json=self.document)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    http = httpx.AsyncClient(transport=httpx.MockTransport(issuer.answer))
    return TokenVerifier(ISSUER, AUDIENCE, "https://issuer.test/jwks", http=http, clock=lambda: issuer.now)


@pytest.mark.parametrize("kid", ["rsa", "ec", "ed"])
async def test_a_good_token_gives_its_claims(issuer: Issuer, verifier: TokenVerifier, kid: str) -> None:
    issuer.document = published("rsa", "ec", "ed")
    claims = await verifier.verify(token(kid, key=kid, name="Agent One", roles=["agent"]))
    assert (claims.subject, claims.name) == ("agent-1", "Agent One")
    assert claims.raw["roles"] == ["agent"]
    assert claims.expires_at.tzinfo is not None


async def test_an_expired_token_says_since_when(verifier: TokenVerifier) -> None:
    expired = int(time.time()) - 60
    with pytest.raises(TokenExpired) as raised:
        await verifier.verify(token(exp=expired))
    assert int(raised.value.expired_at.timestamp()) == expired


async def test_a_process_whose_clock_is_behind_the_issuer_s_lets_agents_in(verifier: TokenVerifier) -> None:
    claims = await verifier.verify(token(iat=int(time.time()) + 300))
    assert claims.subject == "agent-1"
    with pytest.raises(TokenInvalid, match="not yet valid"):
        await verifier.verify(token(nbf=int(time.time()) + 300))


async def test_clocks_may_differ_a_little(verifier: TokenVerifier) -> None:
    now = int(time.time())
    await verifier.verify(token(exp=now - 5))
    await verifier.verify(token(nbf=now + 5))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://other.test"}, "issuer"),
        ({"aud": "another service"}, "audience"),
        ({"aud": None}, "aud"),
        ({"exp": None}, "exp"),
        ({"sub": None}, "sub"),
        ({"nbf": int(time.time()) + 600}, "not yet valid"),
        ({"exp": "tomorrow"}, "exp"),
    ],
)
async def test_a_token_for_somebody_else_is_refused(
    verifier: TokenVerifier, claims: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TokenInvalid, match=reason):
        await verifier.verify(token(**claims))


async def test_a_token_signed_by_another_key_is_refused(verifier: TokenVerifier) -> None:
    forged = jwt.encode(
        {"iss": ISSUER, "aud": AUDIENCE, "sub": "a", "exp": int(time.time()) + 60},
        rsa.generate_private_key(65537, 2048),
        "RS256",
        headers={"kid": "rsa"},
    )
    with pytest.raises(TokenInvalid, match="signature"):
        await verifier.verify(forged)


async def test_a_forged_token_that_is_expired_is_not_called_expired(verifier: TokenVerifier) -> None:
    forged = jwt.encode({"exp": 1}, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": "rsa"})
    with pytest.raises(TokenInvalid):
        await verifier.verify(forged)


async def test_unsigned_and_symmetric_tokens_are_refused_before_any_key_is_asked_for(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "agent-1", "exp": int(time.time()) + 60}
    for forged in (
        jwt.encode(claims, "", "none", headers={"kid": "rsa"}),
        jwt.encode(claims, "a secret that is long enough to be one", "HS256", headers={"kid": "rsa"}),
        jwt.encode(claims, RSA, "PS256", headers={"kid": "rsa"}),
    ):
        with pytest.raises(TokenInvalid, match="algorithm"):
            await verifier.verify(forged)
    assert issuer.asked == 0


async def test_the_algorithm_must_be_that_of_the_key(issuer: Issuer, verifier: TokenVerifier) -> None:
    issuer.document = published("rsa", "ec")
    with pytest.raises(TokenInvalid, match="not that of its key"):
        await verifier.verify(token("rsa", key="ec"))


@pytest.mark.parametrize("nonsense", ["", "a.b.c", "Bearer x", "x" * 20_000, "ey" * 100])
async def test_what_is_no_token_is_refused(verifier: TokenVerifier, nonsense: str) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(nonsense)


async def test_keys_are_fetched_once(issuer: Issuer, verifier: TokenVerifier) -> None:
    await asyncio.gather(*(verifier.verify(token()) for _ in range(20)))
    assert issuer.asked == 1


async def test_a_new_key_is_found_and_strangers_do_not_make_us_ask_without_end(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    await verifier.verify(token())
    issuer.document = published("rsa", "ec")
    issuer.now += 10
    await verifier.verify(token("ec", key="ec"))
    assert issuer.asked == 2
    for number in range(50):
        with pytest.raises(TokenInvalid, match="does not publish"):
            await verifier.verify(token(f"stranger-{number}"))
    assert issuer.asked == 2
    issuer.now += 10
    with pytest.raises(TokenInvalid):
        await verifier.verify(token("stranger"))
    assert issuer.asked == 3


async def test_a_key_that_was_withdrawn_is_not_good_for_ever(issuer: Issuer, verifier: TokenVerifier) -> None:
    await verifier.verify(token())
    issuer.document = published("ec")
    issuer.now += 3601
    with pytest.raises(TokenInvalid, match="does not publish"):
        await verifier.verify(token())


async def test_while_the_issuer_is_away_known_keys_stay_good(issuer: Issuer, verifier: TokenVerifier) -> None:
    await verifier.verify(token())
    issuer.status = 503
    issuer.now += 4000
    await verifier.verify(token())


async def test_an_issuer_that_was_never_reached_is_transient_and_asked_again_soon(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    issuer.status = 503
    for _ in range(3):
        with pytest.raises(Transient, match="had from https"):
            await verifier.verify(token())
    assert issuer.asked == 1
    issuer.status = 200
    issuer.now += 1
    await verifier.verify(token())


@pytest.mark.parametrize("document", [[], {"keys": 5}, {"no": "keys"}, {"keys": ["x"]}, {"keys": [{"kty": "new"}]}])
async def test_an_answer_that_is_no_key_set_is_survived(issuer: Issuer, verifier: TokenVerifier, document: Any) -> None:
    issuer.document = document
    with pytest.raises((Transient, TokenInvalid)):
        await verifier.verify(token())


async def test_a_token_without_key_id_is_good_when_there_is_one_key(issuer: Issuer, verifier: TokenVerifier) -> None:
    await verifier.verify(token(None))
    issuer.document = published("rsa", "ec")
    issuer.now += 4000
    with pytest.raises(TokenInvalid):
        await verifier.verify(token(None))


@pytest.fixture
def client(verifier: TokenVerifier) -> httpx.AsyncClient:
    app = FastAPI()
    install(app)
    agent = require_token(verifier)

    @app.get("/me")
    async def me(claims: Claims = Depends(agent)) -> str:  # noqa: B008 (FastAPI's way)
        return claims.subject

    @app.get("/internal", dependencies=[Depends(require_internal(SecretStr("between-us")))])
    async def internal() -> str:
        return "yes"

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_an_agent_is_let_in_by_token(client: httpx.AsyncClient) -> None:
    answer = await client.get("/me", headers={"Authorization": f"Bearer {token()}"})
    assert (answer.status_code, answer.json()) == (200, "agent-1")


async def test_without_a_good_token_there_is_no_data_but_a_reason(client: httpx.AsyncClient, issuer: Issuer) -> None:
    for header, code in (
        (None, "token-missing"),
        (f"Bearer {token(exp=1)}", "token-expired"),
        ("Bearer nonsense", "token-invalid"),
        ("Basic YTpi", "token-missing"),
    ):
        answer = await client.get("/me", headers={"Authorization": header} if header else {})
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"
    expired = await client.get("/me", headers={"Authorization": f"Bearer {token(exp=1)}"})
    assert expired.json()["expired_at"] == "1970-01-01T00:00:01+00:00"


async def test_an_issuer_away_is_503(client: httpx.AsyncClient, issuer: Issuer) -> None:
    issuer.status = 500
    answer = await client.get("/me", headers={"Authorization": f"Bearer {token()}"})
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer-unavailable")


async def test_internal_apis_open_to_the_shared_secret_alone(client: httpx.AsyncClient) -> None:
    assert (await client.get("/internal", headers={"Authorization": "Bearer between-us"})).status_code == 200
    for header in (None, "Bearer ", "Bearer between-u", "Bearer between-us2", "Bearer \u00e9", "Basic between-us"):
        headers = httpx.Headers({"Authorization": header} if header else {}, encoding="utf-8")
        answer = await client.get("/internal", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "internal-token-invalid")
