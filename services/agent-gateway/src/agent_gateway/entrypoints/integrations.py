"""The door of shops and CRMs without a Kafka client: they push facts about customers, each in its own name only."""

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from omnifil_contracts.profile import ProfileUpdated
from omnifil_servicekit.problem import Problem

from agent_gateway.domain.pace import Pace
from agent_gateway.ports import Profiles
from agent_gateway.settings import GatewaySettings

_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]
_SECONDS_AT_ONCE = 10


def router(settings: GatewaySettings, profiles: Profiles, monotonic: Callable[[], float] = time.monotonic) -> APIRouter:
    api = APIRouter(prefix="/api/v1")
    secrets = [
        (hashlib.sha256(each.token.get_secret_value().encode()).digest(), each.source)
        for each in settings.gateway_integrations
    ]
    per_s = settings.gateway_integration_updates_per_s
    paces = {source: Pace(per_s, max(per_s * _SECONDS_AT_ONCE, 1)) for _, source in secrets}

    def source_of(bearer: _Bearer) -> str:
        """Whose token it is; every one is compared, in constant time."""
        given = hashlib.sha256((bearer.credentials if bearer else "").encode()).digest()
        found = [source for secret, source in secrets if hmac.compare_digest(given, secret)]
        if bearer is None or not found:
            raise Problem(
                401, "integration-token-invalid", "Not authenticated", "No integration has this token.",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return found[0]

    @api.post("/profile-updates", status_code=202)
    async def push(update: ProfileUpdated, source: Annotated[str, Depends(source_of)]) -> Response:
        """202: it is kept, and the card shows it a moment later. The same `update_id` again has no second effect."""
        if update.source != source:
            raise Problem(
                403, "other-source", "Not allowed", f"This token is the one of “{source}”: name no other source."
            )
        if wait_s := paces[source].take(monotonic()):
            raise Problem(
                429, "too-many-requests", "Too many requests", "Send a little slower.",
                headers={"Retry-After": str(int(wait_s) + 1)}, retry_after_s=round(wait_s, 1),
            )  # fmt: skip
        answer = await profiles.push(update)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return api
