"""The agents' HTTP API, below `/api/v1`."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from omnifil_contracts.commands import CommandRequest, CommandResult, PreviewRequest
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.identity import Actor
from omnifil_contracts.message import Attachment
from omnifil_contracts.views import CustomerCard, DossierSnapshot, Inbox, Journey, MovePreview, Timeline
from omnifil_servicekit.auth import Claims
from pydantic import AwareDatetime, BaseModel, Field

from agent_gateway.cards import Cards
from agent_gateway.entrypoints.agents import Doorkeeper, actor_of, roles_of
from agent_gateway.handlers import Desk, PresenceRequest
from agent_gateway.ports import Agents, Answer, Cases, Files
from agent_gateway.settings import GatewaySettings

_READ_BYTES = 256 * 1024
_SHOWN_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
_MEDIA_TYPE = r"^[a-zA-Z0-9!#$&^_.+-]{1,63}/[a-zA-Z0-9!#$&^_.+-]{1,63}$"


class UndoLinkRequest(BaseModel):
    command_id: str = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")


def router(
    *,
    settings: GatewaySettings,
    desk: Desk,
    cards: Cards,
    cases: Cases,
    files: Files,
    agents: Agents,
    doorkeeper: Doorkeeper,
) -> APIRouter:
    """The routes. Answers of case-service are passed on as they are, errors too."""
    api = APIRouter(prefix="/api/v1")
    SignedIn = Annotated[Actor, Depends(doorkeeper.dependency())]  # a type

    @api.get("/config")
    async def config() -> dict[str, Any]:
        """What the desktop needs before anybody has signed in; nothing secret."""
        return {
            "issuer": settings.gateway_issuer,
            "authorize_url": settings.gateway_authorize_url,
            "token_url": settings.gateway_token_url,
            "client_id": settings.gateway_client_id,
            "locales": ["en", "fr"],
            "upload_limit_bytes": settings.gateway_upload_limit_bytes,
        }

    @api.get("/me")
    async def me(claims: Annotated[Claims, Depends(doorkeeper.claims())]) -> dict[str, Any]:
        """Who is asking; `permissions` holds `privacy` for who may export and erase persons."""
        agent, roles = actor_of(claims), roles_of(claims)
        permissions = ["privacy"] if settings.gateway_privacy_role in roles else []
        return {"sub": agent.id, "name": agent.name, "roles": [settings.gateway_role], "permissions": permissions}

    @api.get("/agents")
    async def all_agents(_agent: SignedIn) -> list[dict[str, Any]]:
        return [{"id": known.id, "name": known.name} for known in await agents.all()]

    @api.get("/dossiers", response_model=Inbox)
    async def inbox(request: Request, _agent: SignedIn) -> Response:
        return _passed_on(await desk.snapshot("/dossiers", request.query_params.multi_items()))

    @api.get("/dossiers/{dossier_id}", response_model=DossierSnapshot)
    async def dossier(dossier_id: DossierId, request: Request, _agent: SignedIn) -> Response:
        return _passed_on(await desk.snapshot(f"/dossiers/{dossier_id}", request.query_params.multi_items()))

    @api.get("/dossiers/{dossier_id}/timeline", response_model=Timeline)
    async def timeline(dossier_id: DossierId, request: Request, _agent: SignedIn) -> Response:
        return _passed_on(await cases.get(f"/dossiers/{dossier_id}/timeline", request.query_params.multi_items()))

    @api.post("/dossiers/{dossier_id}/commands", response_model=CommandResult)
    async def command(dossier_id: DossierId, body: CommandRequest, agent: SignedIn) -> Response:
        return _passed_on(await desk.command(dossier_id, body, agent))

    @api.post("/dossiers/{dossier_id}/preview", response_model=MovePreview)
    async def preview(dossier_id: DossierId, body: PreviewRequest, agent: SignedIn) -> Response:
        """What a command would move; changes nothing."""
        return _passed_on(await desk.preview(dossier_id, body, agent))

    @api.post("/dossiers/{dossier_id}/presence", status_code=204)
    async def presence(dossier_id: DossierId, body: PresenceRequest, agent: SignedIn) -> None:
        await desk.present(dossier_id, body, agent)

    @api.get("/customers/{customer_id}")
    async def customer(customer_id: DossierId, _agent: SignedIn) -> CustomerCard:
        return await cards.card(customer_id)

    @api.get("/customers/{customer_id}/journey")
    async def journey(
        customer_id: DossierId,
        _agent: SignedIn,
        before: AwareDatetime | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Journey:
        """All contacts, whichever dossier they are in, and what others have on record; newest first."""
        return await cards.journey(customer_id, before, limit)

    @api.post("/links/{link_id}/undo")
    async def undo_link(link_id: DossierId, body: UndoLinkRequest, agent: SignedIn) -> CustomerChanged:
        return await desk.undo_link(link_id, body.command_id, agent)

    @api.post("/blobs", status_code=201)
    async def upload(file: Annotated[UploadFile, File()], _agent: SignedIn) -> Attachment:
        media_type = file.content_type or "application/octet-stream"
        return await files.put(_content(file), file.filename or "file", media_type)

    @api.get("/blobs/{sha256}")
    async def download(
        sha256: Annotated[str, _path(r"^[0-9a-f]{64}$")],
        _agent: SignedIn,
        filename: Annotated[str, Query(max_length=255)] = "file",
        media_type: Annotated[str, Query(pattern=_MEDIA_TYPE)] = "application/octet-stream",
    ) -> Response:
        size_bytes, content = await files.open(sha256)
        return StreamingResponse(content, headers=_safe_headers(filename, media_type, size_bytes))

    return api


def _path(pattern: str) -> Any:
    from fastapi import Path

    return Path(pattern=pattern, max_length=100)


DossierId = Annotated[str, _path(r"^[A-Za-z0-9-]{1,64}$")]


def _passed_on(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.content_type)


async def _content(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_READ_BYTES):
        yield chunk


def _safe_headers(filename: str, media_type: str, size_bytes: int) -> dict[str, str]:
    """A file that a stranger sent never runs as a page of ours: only pictures are shown, the rest is saved."""
    from urllib.parse import quote

    shown = media_type.lower() in _SHOWN_INLINE
    disposition = "inline" if shown else "attachment"
    return {
        "Content-Type": media_type if shown else "application/octet-stream",
        "Content-Length": str(size_bytes),
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(filename, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=31536000, immutable",
    }
