"""What a Messenger webhook says. Sources: “Webhook Events Reference” of the Messenger Platform: `messages`,
`message_echoes`, `messaging_postbacks`, `message_deliveries`, `message_reads`; “Send API”: the 24-hour window.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from omnifil_contracts.identity import Assurance, AssuredIdentity, Evidence, Identity
from omnifil_contracts.message import MAX_TEXT_CHARS, Attachment, InboundMessage, Sender

from ingest_social.domain.page import MESSENGER, Page

CHANNEL = "social"
REPLY_WINDOW = timedelta(hours=24)
METADATA_PREFIX = "omnifil:"
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_FILE_KINDS = frozenset({"image", "audio", "video", "file"})
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


class NotUnderstood(Exception):
    """This is no webhook of the network, or one of its parts is none."""


@dataclass(frozen=True)
class Incoming:
    """A message, whose files are still where the network keeps them."""

    page: Page
    psid: str
    message: InboundMessage
    file_urls: tuple[str, ...] = ()
    unavailable: tuple[str, ...] = ()
    """Kinds of attachments that have no file: locations, templates, shares."""

    def completed(
        self, attachments: Iterable[Attachment], display_name: str | None, missing_files: int
    ) -> InboundMessage:
        """The message as it is published: with its files, the sender's name, and a word about what could not be had."""
        sender = self.message.sender.model_copy(update={"display_name": display_name})
        text = self.message.text
        if missing_files:
            text = f"{text}\n[{missing_files} × file no longer available from the network]".strip()
        changes = {"attachments": tuple(attachments), "sender": sender, "text": text}
        return self.message.model_copy(update=changes)


@dataclass(frozen=True)
class Echo:
    """Our own reply, told back by the network: proof that it was sent."""

    page: Page
    psid: str
    mid: str
    outbound_id: str
    part: int
    at: datetime


@dataclass(frozen=True)
class Delivered:
    """Messages of the page that have reached the person's device."""

    page: Page
    psid: str
    mids: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Read:
    """The person has seen everything that the page sent up to `watermark`."""

    page: Page
    psid: str
    watermark: datetime
    at: datetime


Happening = Incoming | Echo | Delivered | Read


@dataclass(frozen=True)
class Webhook:
    """What one webhook body holds, in its order."""

    happenings: tuple[Happening, ...]
    broken: tuple[tuple[bytes, str], ...]
    """Parts that are not understood: each as a webhook body of its own, with the reason."""


def metadata(outbound_id: str, part: int) -> str:
    """What a reply carries so that its echo tells which it was."""
    return f"{METADATA_PREFIX}{outbound_id}:{part}"


def understand(body: bytes, pages: Iterable[Page], now: datetime) -> Webhook:
    """Everything in the webhook that concerns these pages. Raises `NotUnderstood` when it is no webhook at all."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood("The webhook is not JSON.") from error
    if (
        not isinstance(document, dict)
        or document.get("object") != "page"
        or not isinstance(document.get("entry"), list)
    ):
        raise NotUnderstood("The webhook is not one of a page: it has no `entry`.")
    by_id = {page.page_id: page for page in pages}
    happenings: list[Happening] = []
    broken: list[tuple[bytes, str]] = []
    for entry in document["entry"]:
        try:
            page, events = _entry(entry, by_id)
        except NotUnderstood as error:
            broken.append((_body_of([entry]), str(error)))
            continue
        if page is None:
            continue
        for event in events:
            try:
                happenings += _happenings(page, event, now)
            except NotUnderstood as error:
                broken.append((_body_of([{**entry, "messaging": [event]}]), str(error)))
    return Webhook(tuple(happenings), tuple(broken))


def _entry(entry: Any, by_id: Mapping[str, Page]) -> tuple[Page | None, list[Any]]:
    """The page of an entry and its events; no page where it is none of ours. `standby` belongs to another app."""
    if not isinstance(entry, dict) or not isinstance(entry.get("messaging", []), list):
        raise NotUnderstood("An entry of the webhook is not an object with a list `messaging`.")
    return by_id.get(str(entry.get("id"))), entry.get("messaging", [])


def _happenings(page: Page, event: Any, now: datetime) -> list[Happening]:
    if not isinstance(event, dict):
        raise NotUnderstood("An event of the webhook is not an object.")
    if isinstance(event.get("message"), dict):
        return _message(page, event, event["message"], now)
    if isinstance(event.get("postback"), dict):
        return _postback(page, event, event["postback"], now)
    if isinstance(event.get("delivery"), dict):
        told = event["delivery"].get("mids", [])
        if not isinstance(told, list):
            raise NotUnderstood("delivery.mids is not a list.")
        mids = tuple(_text(mid, "delivery.mids", 1000) for mid in told)
        return [Delivered(page, _party(event, "sender"), mids, _instant(event, now))]
    if isinstance(event.get("read"), dict):
        watermark = _milliseconds(event["read"].get("watermark"), "read.watermark")
        return [Read(page, _party(event, "sender"), watermark, _instant(event, now))]
    return []  # reactions, referrals, hand-overs: nothing that anybody wrote


def _message(page: Page, event: dict[str, Any], message: dict[str, Any], now: datetime) -> list[Happening]:
    mid = _text(message.get("mid"), "message.mid", 1000)
    is_echo = message.get("is_echo") is True
    psid = _party(event, "recipient" if is_echo else "sender")
    at = _instant(event, now)
    if is_echo and (ours := _outbound(message.get("metadata"))) is not None:
        return [Echo(page, psid, mid, *ours, at)]
    if message.get("is_deleted") is True:
        return []
    text = _text(message.get("text", ""), "message.text", MAX_TEXT_CHARS)
    attachments = message.get("attachments", [])
    if not isinstance(attachments, list) or not all(isinstance(each, dict) for each in attachments):
        raise NotUnderstood("message.attachments is not a list of objects.")
    urls, unavailable = _files(attachments)
    if message.get("is_unsupported") is True and not text:
        unavailable = (*unavailable, "unsupported")
    words = "\n".join([part for part in (text, *(f"[{kind}]" for kind in unavailable)) if part])
    reply_to = message.get("reply_to")
    ancestor = reply_to.get("mid") if isinstance(reply_to, dict) else None
    ancestors = (_text(ancestor, "message.reply_to.mid", 1000),) if ancestor else ()
    incoming = _incoming(page, psid, mid, at, now, is_echo, words, ancestors)
    return [Incoming(page, psid, incoming.message, urls, unavailable)]


def _postback(page: Page, event: dict[str, Any], postback: dict[str, Any], now: datetime) -> list[Happening]:
    """A button that the person pressed; its title is what they said with it."""
    psid, at = _party(event, "sender"), _instant(event, now)
    title = _text(postback.get("title", ""), "postback.title", MAX_TEXT_CHARS)
    mid = _text(postback.get("mid") or f"postback:{psid}:{at.timestamp():.3f}", "postback.mid", 1000)
    return [_incoming(page, psid, mid, at, now, False, title)]


def _incoming(
    page: Page, psid: str, mid: str, at: datetime, now: datetime, is_echo: bool, text: str,
    ancestors: tuple[str, ...] = (),
) -> Incoming:  # fmt: skip
    """The person is identified by their page-scoped id, which the network vouches for."""
    person = AssuredIdentity(
        identity=Identity(kind=MESSENGER, value=f"{page.page_id}:{psid}"),
        assurance=Assurance.CHANNEL,
        evidence=(Evidence(code="platform-account", values={"network": "Messenger"}),),
    )
    message = InboundMessage.make(
        channel=CHANNEL,
        account=page.account,
        conversation_key=psid,
        provider_message_id=mid,
        ancestors=ancestors,
        sender=Sender(primary=person),
        direction="echo" if is_echo else "inbound",
        text=text,
        sent_at=at,
        received_at=now,
        reply_window_ends_at=None if is_echo else at + REPLY_WINDOW,
    )
    return Incoming(page, psid, message)


def _files(attachments: list[dict[str, Any]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses of the files, and the kinds of what has none."""
    urls: list[str] = []
    unavailable: list[str] = []
    for attachment in attachments:
        kind, payload = str(attachment.get("type", ""))[:40], attachment.get("payload")
        url = payload.get("url") if isinstance(payload, dict) else None
        if kind in _FILE_KINDS and isinstance(url, str):
            urls.append(_text(url, "attachment.url", 4000))
        else:
            unavailable.append(kind or "attachment")
    return tuple(urls), tuple(unavailable)


def _outbound(told: Any) -> tuple[str, int] | None:
    """Outbound id and part of one of our replies, from the metadata of its echo."""
    if not isinstance(told, str) or not told.startswith(METADATA_PREFIX):
        return None
    outbound_id, _, part = told.removeprefix(METADATA_PREFIX).rpartition(":")
    return (outbound_id, int(part)) if outbound_id and part.isdecimal() and len(part) < 6 else None


def _party(event: dict[str, Any], side: str) -> str:
    party = event.get(side)
    return _text(party.get("id") if isinstance(party, dict) else None, f"{side}.id", 100)


def _instant(event: dict[str, Any], now: datetime) -> datetime:
    """When it happened, by the network's clock; ours where the network does not say."""
    return now if event.get("timestamp") is None else _milliseconds(event["timestamp"], "timestamp")


def _milliseconds(value: Any, name: str) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LATEST.timestamp() * 1000:
        raise NotUnderstood(f"{name} is not an instant in milliseconds.")
    return datetime.fromtimestamp(value / 1000, UTC)


def _text(value: Any, name: str, max_chars: int) -> str:
    if not isinstance(value, str) or (not value and name.endswith(("id", "mids"))):
        raise NotUnderstood(f"{name} is not a text.")
    if len(value) > max_chars:
        raise NotUnderstood(f"{name} is longer than {max_chars} characters.")
    return _LONE_SURROGATES.sub("\ufffd", value.replace("\x00", ""))


def _body_of(entries: list[Any]) -> bytes:
    return json.dumps({"object": "page", "entry": entries}, ensure_ascii=False).encode("utf-8", "replace")
