"""What stands in a dossier: of all messages and replies in its history, those that have not moved away."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from omnifil_contracts.dossier import (
    ConversationUnlinked,
    DeliveryState,
    DeliveryUpdated,
    MessageLinked,
    MessageUnlinked,
    ReplyLinked,
    ReplyRequested,
    ReplyTarget,
    ReplyUnlinked,
    TimelineEntry,
)
from omnifil_contracts.identity import Actor

from case_service.domain.cuts import Cut, cut_of

Parts = Mapping[str, Cut | None]
"""Conversations that go: wholly, or what is behind the cut."""


@dataclass(frozen=True)
class StandingMessage:
    entry: TimelineEntry
    event: MessageLinked


@dataclass(frozen=True)
class StandingReply:
    """`reply` holds only the targets that are still here; `places`, by outbound id, the entries that brought them."""

    entry: TimelineEntry
    reply: ReplyRequested
    agent: Actor
    places: Mapping[str, TimelineEntry]

    def on(self, conversation_ids: Collection[str]) -> ReplyRequested | None:
        """The reply with its targets in these conversations; None where it has none."""
        return self.only([each for each in self.reply.targets if each.conversation.conversation_id in conversation_ids])

    def only(self, targets: Sequence[ReplyTarget]) -> ReplyRequested | None:
        return self.reply.model_copy(update={"targets": tuple(targets)}) if targets else None

    def behind(self, parts: Parts) -> list[ReplyTarget]:
        """Its targets that go along with these conversations."""
        return [
            each
            for each in self.reply.targets
            if _goes(parts, each.conversation.conversation_id, self.places[each.outbound_id])
        ]

    def without(self, targets: Sequence[ReplyTarget]) -> "StandingReply | None":
        gone = {each.outbound_id for each in targets}
        left = self.only([each for each in self.reply.targets if each.outbound_id not in gone])
        return replace(self, reply=left) if left is not None else None


@dataclass
class Taken:
    """Messages and replies (with the targets that go) in the order of the timeline, and how many go by conversation.

    A reply counts when its last target here goes.
    """

    said: list[StandingMessage | StandingReply]
    counts: dict[str, int]


@dataclass
class Standing:
    messages: dict[str, StandingMessage]
    replies: dict[str, StandingReply]
    states: dict[str, DeliveryState] = field(default_factory=dict)
    """Last state by outbound id of every reply that ever stood here."""

    @property
    def count(self) -> int:
        return len(self.messages) + len(self.replies)

    def is_left_of(self, conversation_id: str) -> bool:
        """Whether anything that was said in this conversation stands here."""
        part: Parts = {conversation_id: None}
        return any(each.event.conversation_id == conversation_id for each in self.messages.values()) or any(
            each.behind(part) for each in self.replies.values()
        )

    def first_seqs(self) -> dict[str, int]:
        """Conversation → the least `seq` of what was said in it and stands here."""
        first: dict[str, int] = {}
        for message in self.messages.values():
            conversation_id, seq = message.event.conversation_id, message.entry.seq
            first[conversation_id] = min(first.get(conversation_id, seq), seq)
        for whole in self.replies.values():
            for target in whole.reply.targets:
                conversation_id, seq = target.conversation.conversation_id, whole.places[target.outbound_id].seq
                first[conversation_id] = min(first.get(conversation_id, seq), seq)
        return first

    def take(self, parts: Parts) -> Taken:
        """Remove what goes along with these conversations."""
        taken = Taken([], dict.fromkeys(parts, 0))
        for message in list(self.messages.values()):
            if _goes(parts, message.event.conversation_id, message.entry):
                taken.said.append(message)
                taken.counts[message.event.conversation_id] += 1
                del self.messages[message.event.message.message_id]
        for whole in list(self.replies.values()):
            targets = whole.behind(parts)
            if (going := whole.only(targets)) is not None:
                taken.said.append(replace(whole, reply=going))
                if self._drop(whole, targets):
                    taken.counts[targets[-1].conversation.conversation_id] += 1
        taken.said.sort(key=lambda each: each.entry.seq)
        return taken

    def take_reply(self, reply_id: str, conversation_ids: Collection[str]) -> StandingReply | None:
        """Remove a reply's targets in these conversations; None where there are none."""
        found = self.replies.get(reply_id)
        going = found.on(conversation_ids) if found is not None else None
        if found is None or going is None:
            return None
        self._drop(found, going.targets)
        return replace(found, reply=going)

    def _drop(self, whole: StandingReply, targets: Sequence[ReplyTarget]) -> bool:
        """Whether the reply is gone with them."""
        left = whole.without(targets)
        if left is None:
            del self.replies[whole.reply.reply_id]
        else:
            self.replies[whole.reply.reply_id] = left
        return left is None


def standing(history: Sequence[TimelineEntry]) -> Standing:
    """Folds a timeline from its first entry on."""
    here = Standing({}, {})
    for entry in history:
        match entry.event:
            case MessageLinked() as event:
                here.messages[event.message.message_id] = StandingMessage(entry, event)
            case MessageUnlinked() as event:
                here.messages.pop(event.message_id, None)
            case ReplyRequested() as event:
                _add_reply(here, entry, event, entry.actor)
            case ReplyLinked() as event:
                _add_reply(here, entry, event.reply, event.agent)
                here.states |= event.states
            case DeliveryUpdated() as event:
                here.states[event.outbound_id] = event.state
            case ReplyUnlinked() as event:
                here.take_reply(event.reply_id, event.conversation_ids)
            case ConversationUnlinked(messages=gone) as event if gone:
                here.take({event.conversation_id: cut_of(event)})
            case _:
                pass
    return here


def _goes(parts: Parts, conversation_id: str, entry: TimelineEntry) -> bool:
    if conversation_id not in parts:
        return False
    cut = parts[conversation_id]
    return cut is None or cut.takes_entry(entry)


def _add_reply(here: Standing, entry: TimelineEntry, reply: ReplyRequested, agent: Actor) -> None:
    present = here.replies.get(reply.reply_id)
    places = dict.fromkeys((each.outbound_id for each in reply.targets), entry)
    if present is None:
        here.replies[reply.reply_id] = StandingReply(entry, reply, agent, places)
        return
    targets = {each.outbound_id: each for each in (*present.reply.targets, *reply.targets)}
    both = present.reply.model_copy(update={"targets": tuple(targets.values())})
    here.replies[reply.reply_id] = replace(present, reply=both, places={**present.places, **places})
