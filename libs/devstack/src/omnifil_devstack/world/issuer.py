"""A small OIDC-style issuer for the demo's agents. Sources: OpenID Connect Core 1.0 and Discovery 1.0, RFC 7636 (PKCE).

It vouches for whoever knows a password that is printed on its sign-in page: good for a demo on loopback, nothing else.
"""

import base64
import hashlib
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from omnifil_devstack.demo_world import AGENTS, AUDIENCE, Agent
from omnifil_devstack.world.pages import page

_TOKEN_LIFE_S = 8 * 3600
_REFRESH_LIFE_S = 30 * 86_400
_CODE_LIFE_S = 120
_CORS = {"access-control-allow-origin": "*"}


class Refused(Exception):
    """An error of the token endpoint (RFC 6749 §5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class _Code:
    """A granted authorization code, used once."""

    agent: Agent
    challenge: str
    redirect_uri: str
    expires_at: float


class Issuer:
    """Signs tokens with a key that it keeps, so that a restart does not sign everybody out."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._key = _kept_key(folder / "issuer-key.pem")
        public: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        self._kid = hashlib.sha256(f"{public['n']}{public['e']}".encode()).hexdigest()[:16]
        self.keys = {"keys": [public | {"kid": self._kid, "use": "sig", "alg": "RS256"}]}
        self._codes: dict[str, _Code] = {}

    def grant_code(self, agent: Agent, challenge: str, redirect_uri: str) -> str:
        """A code that the desktop trades for a token."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(agent, challenge, redirect_uri, time.time() + _CODE_LIFE_S)
        return code

    def trade(self, form: dict[str, str]) -> dict[str, Any]:
        """The answer of the token endpoint; raises `Refused`. `expires_in` (s) may ask for a shorter life."""
        life_s = min(int(form.get("expires_in", _TOKEN_LIFE_S)), _TOKEN_LIFE_S)
        match form.get("grant_type"):
            case "password":
                return self._tokens(_signed_in(form.get("username", ""), form.get("password", "")), life_s)
            case "authorization_code":
                return self._tokens(self._redeemed(form), life_s)
            case "refresh_token":
                return self._tokens(self._returning(form.get("refresh_token", "")), life_s)
        raise Refused("unsupported_grant_type", "Use password, authorization_code or refresh_token.")

    def _redeemed(self, form: dict[str, str]) -> Agent:
        code = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if code is None or code.expires_at < time.time():
            raise Refused("invalid_grant", "The code is unknown, used or too old: sign in again.")
        if challenge != code.challenge or form.get("redirect_uri") != code.redirect_uri:
            raise Refused("invalid_grant", "The code belongs to another sign-in.")
        return code.agent

    def _returning(self, token: str) -> Agent:
        try:
            claims = jwt.decode(token, self._key.public_key(), ["RS256"], audience="refresh", issuer=self.url)
        except jwt.InvalidTokenError as error:
            raise Refused("invalid_grant", f"The refresh token is not good ({error}): sign in again.") from None
        return next(agent for agent in AGENTS if agent.username == claims["sub"])

    def _tokens(self, agent: Agent, life_s: int) -> dict[str, Any]:
        about = {"name": agent.name, "preferred_username": agent.username, "roles": list(agent.roles)}
        return {
            "access_token": self._signed(agent, AUDIENCE, life_s, about),
            "refresh_token": self._signed(agent, "refresh", _REFRESH_LIFE_S, {}),
            "token_type": "Bearer",
            "expires_in": life_s,
        }

    def _signed(self, agent: Agent, audience: str, life_s: int, more: dict[str, Any]) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "sub": agent.username, "aud": audience, "iat": now, "exp": now + life_s} | more
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._kid})


def issuer_routes(issuer: Issuer) -> APIRouter:
    """Discovery, keys, sign-in page and token endpoint."""
    router = APIRouter()

    @router.get("/.well-known/openid-configuration")
    async def discovery() -> JSONResponse:
        return JSONResponse(
            {
                "issuer": issuer.url,
                "authorization_endpoint": f"{issuer.url}/authorize",
                "token_endpoint": f"{issuer.url}/token",
                "jwks_uri": f"{issuer.url}/jwks",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token", "password"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            },
            headers=_CORS,
        )

    @router.get("/jwks")
    async def keys() -> JSONResponse:
        return JSONResponse(issuer.keys, headers=_CORS)

    @router.post("/token")
    async def token(request: Request) -> JSONResponse:
        form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        try:
            return JSONResponse(issuer.trade(form), headers=_CORS | {"cache-control": "no-store"})
        except Refused as refused:
            return JSONResponse(refused.body, 400, headers=_CORS)

    @router.get("/authorize")
    async def sign_in_page(request: Request) -> HTMLResponse:
        asked = dict(request.query_params)
        if problem := _problem_with(asked):
            return page("problem.html", 400, TEXT=problem)
        cards = "".join(
            f'<button name="username" value="{agent.username}"><span class="face">{agent.name[0]}</span>'
            f"<span><b>{agent.name}</b><br><small>{agent.username} / {agent.password}</small></span></button>"
            for agent in AGENTS
        )
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{page.escape(asked.get(name, ""))}">'
            for name in ("redirect_uri", "state", "code_challenge")
        )
        return page("sign_in.html", CARDS=cards, HIDDEN=hidden)

    @router.post("/authorize")
    async def sign_in(
        username: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_challenge: Annotated[str, Form()],
        state: Annotated[str, Form()] = "",
    ) -> Response:
        agent = next((agent for agent in AGENTS if agent.username == username), None)
        asked = {"redirect_uri": redirect_uri, "code_challenge": code_challenge, "code_challenge_method": "S256"}
        if agent is None or (problem := _problem_with(asked | {"response_type": "code"})):
            return page("problem.html", 400, TEXT="Nobody here has that name." if agent is None else problem)
        answer = {"code": issuer.grant_code(agent, code_challenge, redirect_uri), "state": state}
        return RedirectResponse(f"{redirect_uri}?{urlencode(answer)}", 303)

    return router


def _problem_with(asked: dict[str, str]) -> str:
    """Why this is no sign-in of a program on this machine; empty when it is."""
    target = urlsplit(asked.get("redirect_uri", ""))
    if target.scheme != "http" or target.hostname not in ("127.0.0.1", "localhost"):
        return "This issuer signs in to programs on this machine only: redirect_uri must be http://127.0.0.1:…"
    if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
        return "Ask with response_type=code and code_challenge_method=S256 (RFC 7636)."
    return "" if asked.get("code_challenge") else "There is no code_challenge (RFC 7636)."


def _signed_in(username: str, password: str) -> Agent:
    for agent in AGENTS:
        if agent.username == username and secrets.compare_digest(agent.password.encode(), password.encode()):
            return agent
    raise Refused("invalid_grant", "The name or the password is wrong.")


def _kept_key(file: Path) -> RSAPrivateKey:
    if file.exists():
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        assert isinstance(key, RSAPrivateKey)  # noqa: S101 - we wrote it
        return key
    key = generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(pem)
    return key
