"""The Graph API of the played network. Sources: "Send API", "Attachment Upload API", "User Profile API", "Error Codes"
of the Messenger Platform. Only what a page's inbox needs; anything else is the error that Graph would give.
"""

import json
import secrets
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from omnifil_devstack.world.network.memory import now_ms
from omnifil_devstack.world.network.player import NetworkPlayer

MAX_TEXT_CHARS = 2000
MAX_PICTURE_BYTES = 8 * 1024 * 1024
_HOUR_MS = 3_600_000
_WINDOW_MS = 24 * _HOUR_MS
_HUMAN_AGENT_WINDOW_MS = 7 * _WINDOW_MS


class GraphError(Exception):
    """An error in Graph's own form."""

    def __init__(self, status: int, code: int, message: str, subcode: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": secrets.token_urlsafe(8)}
        self.body = {"error": error | ({"error_subcode": subcode} if subcode else {})}


def graph_error(_request: Request, error: Exception) -> JSONResponse:
    """The exception handler for `GraphError`."""
    assert isinstance(error, GraphError)  # noqa: S101 - what it is registered for
    return JSONResponse(error.body, error.status)


def graph_api(player: NetworkPlayer) -> APIRouter:
    """The routes `/v<version>/…`."""
    router = APIRouter(prefix="/v{version}")

    @router.post("/{node}/messages")
    async def send(node: str, request: Request) -> dict[str, Any]:
        _authorise(player, request, node)
        return await _send(player, await _fields(request))

    @router.post("/{node}/message_attachments")
    async def upload(node: str, request: Request) -> dict[str, Any]:
        _authorise(player, request, node)
        fields = await _fields(request)
        attachment = _mapping(_mapping(fields.get("message"), "message").get("attachment"), "attachment")
        return {"attachment_id": await _picture(player, attachment, fields.get("filedata"))}

    @router.get("/{node}")
    async def read(node: str, request: Request, fields: str = "id,name") -> dict[str, Any]:
        _authorise(player, request, "me")
        page = {"id": player.settings.page_id, "name": player.settings.page_name}
        if node in ("me", player.settings.page_id):
            known = page
        elif person := player.people.get(node):
            known = player.profile(person)
        else:
            raise GraphError(400, 100, f"Unsupported get request. Object with ID '{node}' does not exist.", subcode=33)
        return {"id": known["id"]} | {name: known[name] for name in fields.split(",") if name in known}

    return router


def _authorise(player: NetworkPlayer, request: Request, node: str) -> None:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = request.query_params.get("access_token") or (bearer if scheme.lower() == "bearer" else "")
    if not secrets.compare_digest(token.encode(), player.settings.page_token.encode()):
        raise GraphError(401, 190, "Invalid OAuth access token - Cannot parse access token")
    if node not in ("me", player.settings.page_id):
        raise GraphError(400, 100, f"Unsupported post request. Object with ID '{node}' does not exist.", subcode=33)


async def _fields(request: Request) -> dict[str, Any]:
    """The fields of a JSON body or a form; Graph takes both, in a form the values are JSON."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = await request.json()
        except ValueError:
            raise GraphError(400, 100, "(#100) The request body is not JSON") from None
        return _mapping(body, "body")
    fields: dict[str, Any] = {}
    for name, value in (await request.form()).items():
        fields[name] = value if isinstance(value, UploadFile) else _loads(value)
    return fields


async def _send(player: NetworkPlayer, fields: dict[str, Any]) -> dict[str, Any]:
    psid = str(_mapping(fields.get("recipient"), "recipient").get("id", ""))
    last_written = player.memory.last_written_ms(psid)
    if psid not in player.people or last_written is None:
        raise GraphError(400, 100, "(#100) No matching user found", subcode=2018001)
    if "sender_action" in fields:
        return {"recipient_id": psid}
    human_agent = fields.get("messaging_type") == "MESSAGE_TAG" and fields.get("tag") == "HUMAN_AGENT"
    if now_ms() - last_written > (_HUMAN_AGENT_WINDOW_MS if human_agent else _WINDOW_MS):
        raise GraphError(400, 10, "(#10) This message is sent outside of allowed window.", subcode=2018278)
    message = _mapping(fields.get("message"), "message")
    text, attachment = message.get("text"), message.get("attachment")
    if bool(text) == bool(attachment):
        raise GraphError(400, 100, "(#100) Message must have either text or an attachment, and not both")
    if text and len(str(text)) > MAX_TEXT_CHARS:
        raise GraphError(
            400, 100, f"(#100) Length of param message[text] must be less than or equal to {MAX_TEXT_CHARS}"
        )
    pictures = (
        [await _picture(player, _mapping(attachment, "attachment"), fields.get("filedata"))] if attachment else []
    )
    sent = player.reply(psid, str(text or ""), pictures, message.get("metadata"))
    return {"recipient_id": psid, "message_id": sent.mid} | ({"attachment_id": pictures[0]} if pictures else {})


async def _picture(player: NetworkPlayer, attachment: dict[str, Any], filedata: object) -> str:
    """The id of the picture of an attachment: uploaded with it, uploaded earlier, or fetched from its address."""
    if attachment.get("type") != "image":
        raise GraphError(400, 100, "(#100) This network takes attachments of type image")
    payload = _mapping(attachment.get("payload", {}), "payload")
    if isinstance(filedata, UploadFile):
        return _kept(player, filedata.content_type or "", await filedata.read())
    if known := payload.get("attachment_id"):
        if player.memory.picture(str(known)) is None:
            raise GraphError(400, 100, "(#100) Invalid attachment id", subcode=2018074)
        return str(known)
    if url := payload.get("url"):
        try:
            async with httpx.AsyncClient(timeout=10, trust_env=False, follow_redirects=True) as client:
                answer = await client.get(str(url))
                answer.raise_for_status()
        except httpx.HTTPError:
            raise GraphError(400, 100, "(#100) Failed to fetch the file from the url", subcode=2018008) from None
        return _kept(player, answer.headers.get("content-type", ""), answer.content)
    raise GraphError(400, 100, "(#100) The attachment has no file, no attachment_id and no url")


def _kept(player: NetworkPlayer, media_type: str, content: bytes) -> str:
    media_type = media_type.partition(";")[0].strip()
    if not media_type.startswith("image/") or len(content) > MAX_PICTURE_BYTES:
        raise GraphError(400, 100, "(#100) Upload attachment failure: not an image of at most 8 MB", subcode=2018047)
    return player.keep_picture(media_type, content)


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GraphError(400, 100, f"(#100) The parameter {name} is required")
    return value
