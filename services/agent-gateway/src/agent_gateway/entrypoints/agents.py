"""Who is asking: the agent behind a token."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends
from omnifil_contracts.identity import Actor
from omnifil_servicekit.auth import Claims, TokenVerifier, require_token
from omnifil_servicekit.problem import Problem

from agent_gateway.ports import Agents


class Doorkeeper:
    """Lets in whom the issuer vouches for and who has the agents' role."""

    def __init__(self, verifier: TokenVerifier, agents: Agents, role: str) -> None:
        self._verifier = verifier
        self._agents = agents
        self._role = role
        self._token: Callable[..., Awaitable[Claims]] = require_token(verifier)

    async def verify(self, token: str) -> Claims:
        """For streams. Raises `TokenExpired`, `TokenInvalid`, `Transient`, `Problem` for who is no agent."""
        return await self._admitted(await self._verifier.verify(token))

    def dependency(self, role: str | None = None) -> Callable[..., Awaitable[Actor]]:
        """For routes: the agent who asks, or 401 and 403 with their reasons. `role`: which they must have besides."""

        async def agent(claims: Annotated[Claims, Depends(self._token)]) -> Actor:
            admitted = actor_of(await self._admitted(claims))
            if role is not None and role not in roles_of(claims):
                raise Problem(
                    403,
                    "not-permitted",
                    "Not allowed",
                    f"This takes the role “{role}” besides: ask who manages accounts.",
                )
            return admitted

        return agent

    def claims(self) -> Callable[..., Awaitable[Claims]]:
        """For a route that tells agents about themselves."""

        async def admitted(claims: Annotated[Claims, Depends(self._token)]) -> Claims:
            return await self._admitted(claims)

        return admitted

    async def _admitted(self, claims: Claims) -> Claims:
        if self._role not in roles_of(claims):
            raise Problem(
                403,
                "not-an-agent",
                "Not allowed",
                f"This account lacks the role “{self._role}”: ask who manages accounts.",
            )
        await self._agents.saw(actor_of(claims))
        return claims


def actor_of(claims: Claims) -> Actor:
    return Actor(kind="agent", id=claims.subject, name=(claims.name or claims.subject)[:200])


def roles_of(claims: Claims) -> tuple[str, ...]:
    roles: Any = claims.raw.get("roles", ())
    return tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list | tuple) else ()
