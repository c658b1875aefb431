"""The address that networks send their webhooks to."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response
from omnifil_servicekit.metrics import ACCEPT_SECONDS
from omnifil_servicekit.problem import Problem

from ingest_social.domain.messenger import CHANNEL
from ingest_social.domain.page import MESSENGER, Page
from ingest_social.domain.signature import signed_by
from ingest_social.handlers import Webhooks


def router(pages: tuple[Page, ...], webhooks: Webhooks) -> APIRouter:
    """`/webhooks/messenger`. 200 means: Kafka has it."""
    routes = APIRouter()
    accept_seconds = ACCEPT_SECONDS.labels(CHANNEL)
    messenger = [page for page in pages if page.network == MESSENGER]

    @routes.get("/webhooks/messenger")
    async def handshake(
        mode: Annotated[str, Query(alias="hub.mode", max_length=100)] = "",
        token: Annotated[str, Query(alias="hub.verify_token", max_length=1000)] = "",
        challenge: Annotated[str, Query(alias="hub.challenge", max_length=1000)] = "",
    ) -> Response:
        """Source: “Webhooks: verification requests”, Messenger Platform."""
        known = [page.verify_token.get_secret_value().encode() for page in messenger]
        if mode != "subscribe" or not any([hmac.compare_digest(token.encode(), each) for each in known]):
            raise Problem(403, "verify-token-wrong", "Not allowed", "hub.verify_token is not the one configured here.")
        return PlainTextResponse(challenge, headers={"X-Content-Type-Options": "nosniff"})

    @routes.post("/webhooks/messenger")
    async def webhook(request: Request) -> Response:
        body = await request.body()
        proven = signed_by(messenger, body, request.headers.get("x-hub-signature-256"))
        with accept_seconds.time():
            await webhooks.take(body, proven)
        return PlainTextResponse("EVENT_RECEIVED")

    return routes
