"""What stands in a dossier: of all messages and replies in its history, those that have not moved away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from omnifil_contracts.dossier import (
    ConversationUnlinked,
    MessageLinked,
    MessageUnlinked,
    ReplyLinked,
    ReplyRequested,
    TimelineEntry,
)
from omnifil_contracts.identity import Actor


@dataclass(frozen=True)
class StandingMessage:
    entry: TimelineEntry
    event: MessageLinked


@dataclass(frozen=True)
class StandingReply:
    """`reply` holds only the targets that are still here."""

    entry: TimelineEntry
    reply: ReplyRequested
    agent: Actor

    def on(self, conversation_ids: Iterable[str]) -> ReplyRequested | None:
        """The reply with its targets in these conversations; None where it has none."""
        return _with_targets(self.reply, frozenset(conversation_ids), keep=True)


@dataclass
class Standing:
    messages: dict[str, StandingMessage]
    replies: dict[str, StandingReply]

    def in_conversations(self, conversation_ids: frozenset[str]) -> list[StandingMessage | StandingReply]:
        """Messages and replies of these conversations, in the order of the timeline."""
        found: list[StandingMessage | StandingReply] = [
            each for each in self.messages.values() if each.event.conversation_id in conversation_ids
        ]
        found += [each for each in self.replies.values() if each.on(conversation_ids) is not None]
        return sorted(found, key=lambda each: each.entry.seq)


def standing(history: Sequence[TimelineEntry]) -> Standing:
    """Folds a whole timeline, from its first entry."""
    here = Standing({}, {})
    for entry in history:
        match entry.event:
            case MessageLinked() as event:
                here.messages[event.message.message_id] = StandingMessage(entry, event)
            case MessageUnlinked() as event:
                here.messages.pop(event.message_id, None)
            case ReplyRequested() as event:
                here.replies[event.reply_id] = StandingReply(entry, event, entry.actor)
            case ReplyLinked() as event:
                _add_reply(here, entry, event)
            case ConversationUnlinked(messages=gone) as event if gone:
                _remove(here, event.conversation_id)
            case _:
                pass
    return here


def _add_reply(here: Standing, entry: TimelineEntry, event: ReplyLinked) -> None:
    present = here.replies.get(event.reply.reply_id)
    if present is None:
        here.replies[event.reply.reply_id] = StandingReply(entry, event.reply, event.agent)
        return
    targets = {each.outbound_id: each for each in (*present.reply.targets, *event.reply.targets)}
    reply = present.reply.model_copy(update={"targets": tuple(targets.values())})
    here.replies[event.reply.reply_id] = replace(present, reply=reply)


def _remove(here: Standing, conversation_id: str) -> None:
    for message_id, message in list(here.messages.items()):
        if message.event.conversation_id == conversation_id:
            del here.messages[message_id]
    for reply_id, standing_reply in list(here.replies.items()):
        left = _with_targets(standing_reply.reply, frozenset([conversation_id]), keep=False)
        if left is None:
            del here.replies[reply_id]
        else:
            here.replies[reply_id] = replace(standing_reply, reply=left)


def _with_targets(reply: ReplyRequested, conversation_ids: frozenset[str], *, keep: bool) -> ReplyRequested | None:
    targets = tuple(each for each in reply.targets if (each.conversation.conversation_id in conversation_ids) is keep)
    return reply.model_copy(update={"targets": targets}) if targets else None
