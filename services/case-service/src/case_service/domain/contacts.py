"""The journey of a customer: everything that was said, in the order of the world, whichever dossier it is in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.dossier import (
    ConversationUnlinked,
    DossierView,
    MessageLinked,
    MessageUnlinked,
    ReplyLinked,
    ReplyRequested,
    ReplyUnlinked,
    TimelineEntry,
)
from omnifil_contracts.views import Contact

from case_service.domain.standing import StandingMessage, StandingReply, standing
from case_service.domain.view import EXCERPT_CHARS


@dataclass(frozen=True)
class Said:
    """Entries by dossier, in the order of its timeline: at least all that bring something said from `complete_from` on
    (None: from the beginning), and all that take something away."""

    entries: Mapping[str, Sequence[TimelineEntry]]
    complete_from: datetime | None


# Every entry that is written is asked: by its very type, which costs a tenth of asking for a union.
_SAYING = frozenset({MessageLinked, ReplyRequested, ReplyLinked})
_TAKING = frozenset({MessageUnlinked, ReplyUnlinked, ConversationUnlinked})


def is_contact(entry: TimelineEntry) -> bool:
    """Whether it brings something that was said."""
    return type(entry.event) in _SAYING


def takes_away(entry: TimelineEntry) -> bool:
    if type(entry.event) not in _TAKING:
        return False
    return not isinstance(entry.event, ConversationUnlinked) or entry.event.messages > 0


def said_at(entry: TimelineEntry) -> datetime:
    """When it was said, in whole milliseconds as MongoDB keeps them: pages end and begin there."""
    at = entry.occurred_at
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def contacts(said: Said, views: Mapping[str, DossierView], before: datetime | None) -> list[Contact]:
    """What still stands of it, newest first, from `said.complete_from` on. Each message and reply once."""
    found: dict[str, Contact] = {}
    for dossier_id, entries in said.entries.items():
        if (view := views.get(dossier_id)) is None:
            continue
        here = standing(sorted(entries, key=lambda entry: entry.seq))
        for message in here.messages.values():
            found.setdefault(message.event.message.message_id, _message(message, view))
        for reply in here.replies.values():
            found.setdefault(reply.reply.reply_id, _reply(reply, view))
    wanted = (contact for contact in found.values() if _is_on_page(contact.at, said.complete_from, before))
    return newest_first(wanted)


def newest_first(found: Iterable[Contact]) -> list[Contact]:
    """The same order whenever it is asked for."""
    return sorted(found, key=lambda each: (each.at, each.dossier_id or "", each.model_dump_json()), reverse=True)


def _is_on_page(at: datetime, start: datetime | None, before: datetime | None) -> bool:
    return (start is None or at >= start) and (before is None or at < before)


def _message(standing_message: StandingMessage, view: DossierView) -> Contact:
    entry, event = standing_message.entry, standing_message.event
    message = event.message
    return Contact(
        at=said_at(entry),
        kind="reply" if message.direction == "echo" else "message",
        channel=message.channel,
        dossier_id=view.dossier_id,
        number=view.number,
        conversation_id=event.conversation_id,
        author=message.sender.display_name,
        text=message.text[:EXCERPT_CHARS],
    )


def _reply(standing_reply: StandingReply, view: DossierView) -> Contact:
    first = standing_reply.reply.targets[0].conversation
    return Contact(
        at=said_at(standing_reply.entry),
        kind="reply",
        channel=first.channel,
        dossier_id=view.dossier_id,
        number=view.number,
        conversation_id=first.conversation_id,
        author=standing_reply.agent.name,
        text=standing_reply.reply.text[:EXCERPT_CHARS],
    )
