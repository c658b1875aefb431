"""Messenger's Graph API. Sources: “Send API”, “User Profile API”, “Error Codes” of the Messenger Platform."""

import json
import mimetypes
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import structlog
from cachetools import TTLCache
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.outward import Transport

from ingest_social.domain.page import Page
from ingest_social.domain.reply import Piece
from ingest_social.ports import FileGone, SendRefused

log = structlog.get_logger(__name__)

_NAME_TIMEOUT_S = 2.0
_NAMES_HELD, _NAME_HOLDS_S = 20_000, 24 * 3600
_NOT_TOLD_HOLDS_S = 30.0  # a profile that is not to be had must not cost each message of a person the time-out
# Rate limits and passing faults; the rest is final. Source: “Error Codes”.
_PASSING_CODES = frozenset({1, 2, 4, 17, 32, 341, 613, 80006})
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\]")

_SENTENCES = {
    10: "Messenger did not take it: the time for an answer (24 hours after the customer's last message) is over.",
    100: "Messenger did not take it",
    190: "Messenger did not take it because the page's access token is no longer valid: ask who manages the channels.",
    200: "Messenger did not take it because the page lacks a permission: ask who manages the channels.",
    551: "Messenger cannot reach this person just now: they may have blocked the page or left Messenger.",
}


class GraphApi:
    """One client for all pages."""

    def __init__(self, *, timeout_s: float, file_limit_bytes: int) -> None:
        self._http = httpx.AsyncClient(transport=Transport(trust_env=False), timeout=timeout_s, trust_env=False)
        self._file_limit_bytes = file_limit_bytes
        self._names: TTLCache[tuple[str, str], str] = TTLCache(_NAMES_HELD, _NAME_HOLDS_S)
        self._not_told: TTLCache[tuple[str, str], bool] = TTLCache(_NAMES_HELD, _NOT_TOLD_HOLDS_S)

    async def close(self) -> None:
        await self._http.aclose()

    async def name_of(self, page: Page, psid: str) -> str | None:
        person = (page.page_id, psid)
        known = self._names.get(person)
        if known is not None or person in self._not_told:
            return known
        url = f"{page.graph_url}/{psid}"
        params = {"fields": "first_name,last_name"}
        try:
            answer = await self._http.get(url, params=params, headers=_authorisation(page), timeout=_NAME_TIMEOUT_S)
            answer.raise_for_status()
            profile = answer.json()
            name = " ".join(str(profile[part]) for part in ("first_name", "last_name") if profile.get(part))
        except (httpx.HTTPError, ValueError, TypeError, AttributeError, KeyError) as error:
            log.warning("name_not_told", channel="social", error=type(error).__name__)
            self._not_told[person] = True
            return None
        name = name.strip()[:200]
        if name:
            self._names[person] = name
        return name or None

    async def fetch(self, page: Page, url: str) -> tuple[bytes, str, str]:
        if not page.vouches_for(url):
            raise FileGone("its address is not one of the network's")
        content = bytearray()
        try:
            async with self._http.stream("GET", url) as answer:
                if answer.status_code >= 500 or answer.status_code == 429:
                    raise Transient(f"The network's file store answered {answer.status_code}.")
                if answer.status_code != 200:
                    raise FileGone(f"the network answered {answer.status_code}")
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > self._file_limit_bytes:
                        raise FileGone(f"it is larger than {self._file_limit_bytes} bytes")
                media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        except httpx.HTTPError as error:
            raise Transient(f"The network's file store does not answer: {type(error).__name__}") from error
        media_type = media_type[:127] or "application/octet-stream"
        return bytes(content), media_type, _filename(url, media_type)

    async def send(self, page: Page, psid: str, piece: Piece, content: bytes | None, metadata: str) -> str:
        recipient = {"id": psid}
        if piece.file is None:
            body = {
                "recipient": recipient,
                "messaging_type": "RESPONSE",
                "message": {"text": piece.text, "metadata": metadata},
            }
            return _mid(await self._post(page, json=body))
        message = {"attachment": {"type": piece.kind, "payload": {"is_reusable": False}}, "metadata": metadata}
        fields = {
            "recipient": json.dumps(recipient),
            "messaging_type": "RESPONSE",
            "message": json.dumps(message),
        }
        filedata = (piece.file.filename, content or b"", piece.file.media_type)
        return _mid(await self._post(page, data=fields, files={"filedata": filedata}))

    async def _post(self, page: Page, **body: Any) -> Mapping[str, Any]:
        url = f"{page.graph_url}/me/messages"
        try:
            answer = await self._http.post(url, headers=_authorisation(page), **body)
        except httpx.HTTPError as error:
            raise Transient(f"Messenger does not answer: {type(error).__name__}") from error
        try:
            document = answer.json()
        except ValueError:
            document = None
        if answer.status_code == 200 and isinstance(document, dict):
            return document
        raise _refusal(answer.status_code, document)


def _refusal(status: int, document: Any) -> Transient | SendRefused:
    """`Transient` for what passes, `SendRefused` with a sentence for what does not."""
    error = document.get("error", {}) if isinstance(document, dict) else {}
    error = error if isinstance(error, dict) else {}
    code = error.get("code")
    if status >= 500 or status == 429 or code in _PASSING_CODES or error.get("is_transient") is True:
        return Transient(f"Messenger answered {status}, code {code}.")
    unknown = f"Messenger did not take it (status {status}, code {code})"
    sentence = _SENTENCES.get(code, unknown) if isinstance(code, int) else unknown
    told = str(error.get("message", ""))[:300]
    return SendRefused(sentence if sentence.endswith(".") or not told else f"{sentence}: {told}")


def _mid(document: Mapping[str, Any]) -> str:
    mid = document.get("message_id")
    if not isinstance(mid, str) or not mid:
        raise Transient("Messenger answered without a message id.")
    return mid


def _authorisation(page: Page) -> dict[str, str]:
    return {"Authorization": f"Bearer {page.page_token.get_secret_value()}"}


def _filename(url: str, media_type: str) -> str:
    name = _UNSAFE.sub("_", unquote(urlsplit(url).path.rsplit("/", 1)[-1])).strip(". ")[:200] or "file"
    if "." not in name:
        name += mimetypes.guess_extension(media_type) or ""
    return name
