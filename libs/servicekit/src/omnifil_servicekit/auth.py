"""Who is asking: agents by tokens of an OIDC-style issuer, services by a shared secret."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import jwt
import structlog
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from .errors import Transient
from .problem import Problem

log = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "ES256", "EdDSA")
_TOKEN_LIMIT_BYTES = 16 * 1024

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


class TokenExpired(Exception):
    """The token was good until `expired_at` (UTC): sign in again."""

    def __init__(self, expired_at: datetime) -> None:
        super().__init__(f"The token expired at {expired_at.isoformat()}.")
        self.expired_at = expired_at


class TokenInvalid(Exception):
    """Not a token of our issuer for us; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The token is not valid: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `raw` has all of it."""

    subject: str
    expires_at: datetime
    raw: Mapping[str, Any]

    @property
    def name(self) -> str | None:
        name = self.raw.get("name")
        return name if isinstance(name, str) else None


class TokenVerifier:
    """Verifies tokens of one issuer for one audience by the keys that it publishes.

    The keys are fetched on first use, again after `keys_max_age_s`, and when a token names an unknown key, though not
    more often than every `refetch_pause_s`. While the issuer is away it is asked every second, and the known keys stay
    good.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks_url: str,
        *,
        leeway_s: float = 10,
        keys_max_age_s: float = 3600,
        refetch_pause_s: float = 10,
        http: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._jwks_url = jwks_url
        self._leeway_s = leeway_s
        self._keys_max_age_s = keys_max_age_s
        self._refetch_pause_s = refetch_pause_s
        self._http = http
        self._clock = clock
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._reached = False
        self._fetching = asyncio.Lock()

    async def verify(self, token: str) -> Claims:
        """Raises `TokenExpired`, `TokenInvalid`, or `Transient` when the issuer's keys cannot be had."""
        if len(token) > _TOKEN_LIMIT_BYTES:
            raise TokenInvalid("it is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise TokenInvalid("it is not a signed JWT") from error
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise TokenInvalid(f"its algorithm is not one of {', '.join(ALGORITHMS)}")
        key = await self._key(header.get("kid"))
        if not _fits(key, algorithm):
            raise TokenInvalid("its algorithm is not that of its key")
        return self._claims(token, key, algorithm)

    def _claims(self, token: str, key: jwt.PyJWK, algorithm: str) -> Claims:
        try:
            raw = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway_s,
                # `iat` tells a token's age and does not forbid its use, `nbf` does (RFC 7519 §4.1.5, §4.1.6): a process
                # whose clock is behind would turn every agent away.
                options={"require": ["exp", "iss", "aud", "sub"], "verify_iat": False},
            )
        except jwt.ExpiredSignatureError as error:
            # The signature was verified before the claims were looked at.
            expired = jwt.decode(token, options={"verify_signature": False})["exp"]
            raise TokenExpired(datetime.fromtimestamp(expired, UTC)) from error
        except jwt.InvalidTokenError as error:
            raise TokenInvalid(str(error).rstrip(".").lower()) from error
        return Claims(raw["sub"], datetime.fromtimestamp(raw["exp"], UTC), raw)

    async def _key(self, kid: str | None) -> jwt.PyJWK:
        if self._is_stale() or self._find(kid) is None:
            async with self._fetching:
                if (self._is_stale() or self._find(kid) is None) and self._may_fetch():
                    await self._fetch()
        if self._fetched_at is None:
            raise Transient(f"The issuer's keys cannot be had from {self._jwks_url}.")
        key = self._find(kid)
        if key is None:
            raise TokenInvalid("it is signed with a key that the issuer does not publish")
        return key

    def _find(self, kid: str | None) -> jwt.PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    def _is_stale(self) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at > self._keys_max_age_s

    def _may_fetch(self) -> bool:
        pause_s = self._refetch_pause_s if self._reached else min(1, self._refetch_pause_s)
        return self._tried_at is None or self._clock() - self._tried_at >= pause_s

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        self._reached = False
        try:
            if self._http is not None:
                answer = await self._http.get(self._jwks_url)
            else:
                async with httpx.AsyncClient(timeout=5) as http:
                    answer = await http.get(self._jwks_url)
            answer.raise_for_status()
            self._keys = _keys(answer.json())
        except (httpx.HTTPError, json.JSONDecodeError, ValueError) as error:
            log.warning("issuer_keys_unreachable", url=self._jwks_url, error=f"{type(error).__name__}: {error}")
            return
        self._fetched_at = self._clock()
        self._reached = True


def _keys(document: Any) -> dict[str | None, jwt.PyJWK]:
    """The signing keys that we can use, by their id. Raises ValueError when this is no key set."""
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a JSON Web Key Set")
    keys: dict[str | None, jwt.PyJWK] = {}
    for entry in document["keys"]:
        if not isinstance(entry, dict):
            raise ValueError("not a JSON Web Key Set")
        if entry.get("use", "sig") != "sig" or "d" in entry or "k" in entry:
            continue
        try:
            key = jwt.PyJWK.from_dict(entry)
        except jwt.PyJWTError:
            continue  # of a kind that we do not accept anyway
        keys[key.key_id] = key
    return keys


def _fits(key: jwt.PyJWK, algorithm: str) -> bool:
    return bool(key.algorithm_name == algorithm)


def require_token(verifier: TokenVerifier) -> Callable[..., Awaitable[Claims]]:
    """A FastAPI dependency: the claims of the agent who asks; 401 with the reason, or 503 when there are no keys."""

    async def agent(bearer: Bearer) -> Claims:
        if bearer is None:
            raise _unauthenticated("token-missing", "Sign in: a bearer token is needed.")
        try:
            return await verifier.verify(bearer.credentials)
        except TokenExpired as error:
            raise _unauthenticated("token-expired", str(error), expired_at=error.expired_at.isoformat()) from error
        except TokenInvalid as error:
            raise _unauthenticated("token-invalid", str(error)) from error
        except Transient as error:
            raise Problem(503, "issuer-unavailable", "The sign-in service is away", str(error)) from error

    return agent


def require_internal(token: SecretStr | str) -> Callable[..., Awaitable[None]]:
    """A FastAPI dependency for internal APIs: the shared secret as bearer token, compared in constant time."""
    secret = token.get_secret_value() if isinstance(token, SecretStr) else token
    wanted = hashlib.sha256(secret.encode()).digest()

    async def internal(bearer: Bearer) -> None:
        given = hashlib.sha256((bearer.credentials if bearer else "").encode()).digest()
        if bearer is None or not hmac.compare_digest(given, wanted):
            raise _unauthenticated("internal-token-invalid", "This API is for services of the suite.")

    return internal


def _unauthenticated(code: str, detail: str, **extra: Any) -> Problem:
    return Problem(401, code, "Not authenticated", detail, headers={"WWW-Authenticate": "Bearer"}, **extra)
