"""What browsers and the service say to each other over the socket. The README has it in prose."""

import re
from typing import Annotated, Any, Literal

from omnifil_contracts.message import Attachment
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter

from ingest_chat.adapters.tokens import FileTokens
from ingest_chat.domain.entry import Entry, Standing

MAX_FRAME_CHARS = 48 * 1024
"""The longest text with every character escaped, and the ids of its images."""

_MAX_SEQ = 2**53 - 1
"""The largest whole number that a browser can name exactly; more than MongoDB can hold is nobody's seq."""

Frame = dict[str, Any]

INVALID, SESSION, ORIGIN, NO_HELLO, TOO_MUCH = 4400, 4401, 4403, 4408, 4429
TOO_BIG, RESTART = 1009, 1012
"""Close codes: RFC 6455 §7.4 and, from 4000, ours (as the HTTP status, plus 4000)."""


def _language(text: str | None) -> str | None:
    """A BCP 47 tag, or None: a page that names its language wrongly still gets its chat."""
    tag = (text or "").replace("_", "-")
    return tag if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}", tag) else None


class Hello(BaseModel):
    """The first message. `after`: the last seq that the client has; absent: begin with the newest."""

    type: Literal["hello"]
    session: str = Field(max_length=8_192)
    after: int | None = Field(None, ge=0, le=_MAX_SEQ)
    language: Annotated[str | None, AfterValidator(_language)] = None


class Send(BaseModel):
    type: Literal["send"]
    client_message_id: str = Field(max_length=64)
    text: str = ""
    attachments: tuple[str, ...] = Field((), max_length=10)


class Typing(BaseModel):
    type: Literal["typing"]
    active: bool = True


class Delivered(BaseModel):
    type: Literal["delivered"]
    seq: int = Field(ge=1, le=_MAX_SEQ)


class Read(BaseModel):
    type: Literal["read"]
    seq: int = Field(ge=1, le=_MAX_SEQ)


class Earlier(BaseModel):
    """Asks for the page of entries before a seq."""

    type: Literal["earlier"]
    before: int = Field(ge=2, le=_MAX_SEQ)


class Ping(BaseModel):
    type: Literal["ping"]


ClientMessage = Send | Typing | Delivered | Read | Earlier | Ping
HELLO: TypeAdapter[Hello] = TypeAdapter(Hello)
CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])


def hello(conversation_id: str, standing: Standing, *, reset: bool) -> Frame:
    """`reset`: the client has entries that are not ours (any more): it forgets them and takes what follows."""
    return {
        "type": "hello",
        "conversation_id": conversation_id,
        "last_seq": standing.last_seq,
        "read_seq": standing.agent_read_seq,
        "reset": reset,
    }


def entries(shown: list[Entry], files: FileTokens, *, earlier: bool | None = None) -> Frame:
    """`earlier` is only there with a page of history: whether there is something before it."""
    frame: Frame = {"type": "entries", "entries": [entry(each, files) for each in shown]}
    return frame if earlier is None else {**frame, "earlier": earlier}


def entry(shown: Entry, files: FileTokens) -> Frame:
    rendered: Frame = {
        "seq": shown.seq,
        "id": shown.id,
        "author": shown.author,
        "name": shown.name,
        "text": shown.text,
        "attachments": [attachment(each, files) for each in shown.attachments],
        "at": shown.at.isoformat().replace("+00:00", "Z"),
        "state": shown.state,
    }
    if shown.client_message_id is not None:
        rendered["client_message_id"] = shown.client_message_id
    return rendered


def attachment(file: Attachment, files: FileTokens) -> Frame:
    """The address is a path below the service's own, good for some hours."""
    return {
        "url": files.link(file),
        "media_type": file.media_type,
        "filename": file.filename,
        "size_bytes": file.size_bytes,
    }


def accepted(shown: Entry, files: FileTokens) -> Frame:
    return {"type": "accepted", "client_message_id": shown.client_message_id, "entry": entry(shown, files)}


def error(
    code: str,
    detail: str,
    *,
    client_message_id: str | None = None,
    retry: bool = False,
    retry_after_s: float | None = None,
) -> Frame:
    """`retry`: the same again, later, can work. Otherwise it never will."""
    frame: Frame = {"type": "error", "code": code, "detail": detail, "retry": retry}
    if client_message_id is not None:
        frame["client_message_id"] = client_message_id
    if retry_after_s is not None:
        frame["retry_after_s"] = round(retry_after_s, 1)
    return frame
