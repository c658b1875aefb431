"""HTTP for the widget: the script, its settings, sessions, uploads and files."""

import gzip
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from omnifil_contracts.message import Attachment
from omnifil_servicekit.problem import Problem
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from ingest_chat.adapters.tokens import FileTokens, IdentityTokens, SessionTokens, TokenRefused
from ingest_chat.domain.account import ChatAccount
from ingest_chat.domain.allowance import Allowances
from ingest_chat.domain.image import EXTENSIONS, MAX_IMAGE_BYTES, NotAnImage, without_metadata
from ingest_chat.domain.message import email_address, one_line
from ingest_chat.domain.visitor import Claims, Visitor
from ingest_chat.ports import Clock, PictureMissing, Pictures, Transcript

_ANSWERS_OF = timedelta(days=7)
_ANSWER_TIME_HOLDS_S = 60.0


class Claimed(BaseModel):
    """What a visitor types about themselves."""

    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)


class SessionRequest(BaseModel):
    """`identity_token`: signed by the host site. `session_token`: the one that this browser got last time."""

    account: str = Field(max_length=63)
    session_token: str | None = Field(None, max_length=8_192)
    identity_token: str | None = Field(None, max_length=8_192)
    claimed: Claimed | None = None


@dataclass(frozen=True)
class Reception:
    """What the routes need."""

    accounts: dict[str, ChatAccount]
    transcript: Transcript
    pictures: Pictures
    identities: IdentityTokens
    sessions: SessionTokens
    files: FileTokens
    clock: Clock
    session_allowance: Allowances
    upload_allowance: Allowances
    widget_file: Path
    trusted_proxies: int

    def address_of(self, connection: HTTPConnection) -> str:
        """The visitor's network address: what the outermost proxy that we trust saw, else the peer."""
        peer = connection.client.host if connection.client else "unknown"
        if not self.trusted_proxies:
            return peer
        seen = [part.strip() for part in connection.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        return seen[-self.trusted_proxies] if len(seen) >= self.trusted_proxies else peer


class AnswerTimes:
    """How long answers take, asked of the transcript once a minute for each account."""

    def __init__(self, transcript: Transcript, clock: Clock) -> None:
        self._transcript = transcript
        self._clock = clock
        self._known: dict[str, tuple[float, int | None]] = {}

    async def of(self, account: str) -> int | None:
        """In seconds; None: not known."""
        asked_at, known = self._known.get(account, (float("-inf"), None))
        now_s = time.monotonic()
        if now_s - asked_at > _ANSWER_TIME_HOLDS_S:
            found = await self._transcript.answer_time(account, self._clock() - _ANSWERS_OF)
            known = None if found is None else round(found.total_seconds())
            self._known[account] = (now_s, known)
        return known


def router(reception: Reception) -> APIRouter:
    routes = APIRouter()
    answer_times = AnswerTimes(reception.transcript, reception.clock)

    def account_of(name: str, request: Request) -> ChatAccount:
        account = reception.accounts.get(name)
        if account is None:
            raise Problem(404, "account-not-found", "There is no such account", f"No chat account is called {name}.")
        origin = request.headers.get("origin")
        if not account.allows(origin):
            raise Problem(
                403, "origin-not-allowed", "This site may not show the chat", f"Add {origin} to the account's origins."
            )
        return account

    def visitor_of(request: Request, authorization: Annotated[str, Header()] = "") -> Visitor:
        scheme, _, token = authorization.partition(" ")
        try:
            visitor = reception.sessions.read(token if scheme.lower() == "bearer" else "")
        except TokenRefused as error:
            raise Problem(401, error.code, "There is no session", error.detail) from error
        account_of(visitor.account, request)
        return visitor

    @routes.get("/widget.js")
    async def widget(request: Request) -> Response:
        return _script(reception.widget_file, request)

    @routes.get("/api/accounts/{name}/widget")
    async def widget_settings(name: str, request: Request) -> Response:
        shown = await _shown(account_of(name, request), answer_times)
        return JSONResponse(shown, headers={"Cache-Control": "public, max-age=60", "Vary": "Origin"})

    @routes.post("/api/sessions")
    async def open_session(body: SessionRequest, request: Request) -> dict[str, Any]:
        account = account_of(body.account, request)
        _allowed(reception.session_allowance, reception.address_of(request))
        visitor = _visitor(reception, account, body)
        token, expires_at = reception.sessions.mint(visitor)
        standing = await reception.transcript.standing(visitor.conversation_id)
        return {
            "session_token": token,
            "expires_at": datetime.fromtimestamp(expires_at, UTC).isoformat().replace("+00:00", "Z"),
            "conversation_id": visitor.conversation_id,
            "last_seq": standing.last_seq,
            "unread": standing.unread,
            "visitor": {
                "signed": visitor.signed is not None,
                "name": visitor.display_name,
                "has_email": bool(visitor.claimed.email or (visitor.signed and visitor.signed.email)),
            },
            "widget": await _shown(account, answer_times),
        }

    @routes.post("/api/uploads", status_code=201)
    async def upload(
        request: Request,
        visitor: Annotated[Visitor, Depends(visitor_of)],
        filename: Annotated[str, Query(max_length=255)] = "",
    ) -> dict[str, Any]:
        _allowed(reception.upload_allowance, visitor.visitor_id)
        try:
            content, media_type = without_metadata(await request.body())
        except NotAnImage as error:
            raise Problem(415, "not-an-image", "This is no image that can be sent", str(error)) from error
        sha256 = await reception.pictures.keep(content, media_type)
        file = Attachment(
            sha256=sha256, filename=_filename(filename, media_type), media_type=media_type, size_bytes=len(content)
        )
        return {
            "id": reception.files.upload_id(file, visitor),
            "url": reception.files.link(file),
            "media_type": media_type,
            "filename": file.filename,
            "size_bytes": file.size_bytes,
        }

    @routes.get("/api/files/{token}")
    async def file(token: str) -> Response:
        try:
            linked = reception.files.linked(token)
        except TokenRefused as error:
            raise Problem(403, error.code, "The link is not good (any more)", error.detail) from error
        try:
            chunks = await _begun(reception.pictures.open(linked.sha256))
        except PictureMissing as error:
            raise Problem(404, "file-not-found", "There is no such file", str(error)) from error
        return StreamingResponse(chunks, media_type=_safe_type(linked.media_type), headers=_file_headers(linked))

    return routes


def _visitor(reception: Reception, account: ChatAccount, body: SessionRequest) -> Visitor:
    """Who this session is for. A proof that fails is refused, never replaced by something weaker."""
    try:
        before = reception.sessions.read(body.session_token) if body.session_token else None
        if before is not None and before.account != account.account:
            raise TokenRefused("session-invalid", "The session is of another account.")
        if body.identity_token is not None:
            identity = reception.identities.verify(body.identity_token, account)
            visitor = reception.sessions.signed_in(account.account, identity)
        elif before is None or before.signed is not None:
            # Whoever was signed in has signed out: what they said is not for whoever sits there now.
            visitor = reception.sessions.new_visitor(account.account)
        else:
            visitor = before
    except TokenRefused as error:
        raise Problem(401, error.code, "Not authenticated", error.detail) from error
    known = before.claimed if before is not None and before.visitor_id == visitor.visitor_id else Claims()
    return _claiming(visitor, known, body.claimed)


def _claiming(visitor: Visitor, known: Claims, claimed: Claimed | None) -> Visitor:
    email = known.email
    if claimed is not None and claimed.email and claimed.email.strip():
        email = email_address(claimed.email)
        if email is None:
            raise Problem(422, "invalid-email", "This is no e-mail address", "An address looks like name@example.org.")
    name = (one_line(claimed.name, 100) if claimed is not None else None) or known.name
    return Visitor(visitor.account, visitor.visitor_id, visitor.signed, Claims(name, email))


def _allowed(allowance: Allowances, name: str) -> None:
    if wait_s := allowance.take(name, time.monotonic()):
        raise Problem(
            429, "too-many-requests", "Too many requests", headers={"Retry-After": str(int(wait_s) + 1)},
            retry_after_s=round(wait_s, 1),
        )  # fmt: skip


async def _shown(account: ChatAccount, answer_times: AnswerTimes) -> dict[str, Any]:
    return {
        "account": account.account,
        "title": account.title,
        "colour": account.colour,
        "ask_contact": account.ask_contact,
        "max_image_bytes": MAX_IMAGE_BYTES,
        "answer_time_s": await answer_times.of(account.account),
    }


def _script(file: Path, request: Request) -> Response:
    try:
        script = file.read_bytes()
    except OSError as error:
        remedy = "Run `npm ci && npm run build` in services/ingest-chat/widget."
        raise Problem(503, "widget-not-built", "The widget is not built", remedy) from error
    etag = f'"{hashlib.sha256(script).hexdigest()[:16]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "public, max-age=300",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        script, headers["Content-Encoding"] = gzip.compress(script, 6, mtime=0), "gzip"
    return Response(script, media_type="text/javascript; charset=utf-8", headers=headers)


def _filename(given: str, media_type: str) -> str:
    """A name to show: never a path, and with the extension of what the file is."""
    stem = (one_line(given.replace("\\", "/").rsplit("/", 1)[-1], 100) or "").rsplit(".", 1)[0].strip(". ")
    return f"{stem or 'image'}.{EXTENSIONS[media_type]}"


def _safe_type(media_type: str) -> str:
    """Browsers show the images that we know, and only save everything else."""
    return media_type if media_type in EXTENSIONS else "application/octet-stream"


def _file_headers(linked: Attachment) -> dict[str, str]:
    shown = "inline" if linked.media_type in EXTENSIONS else "attachment"
    return {
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(linked.filename, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, max-age=3600",
    }


async def _begun(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks, after the first has come: what is missing is said before the answer begins."""
    first = await anext(chunks, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return all_of_them()
