"""What taking an entry back means: which conversations, messages and replies go where."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from omnifil_contracts.dossier import (
    ConversationLinked,
    ConversationUnlinked,
    DossierMerged,
    DossierRelated,
    DossierUnmerged,
    DossierUnrelated,
    MessageLinked,
    MessageUnlinked,
    ReplyLinked,
    ReplyRequested,
    ReplyUnlinked,
    StatusChanged,
    TimelineEntry,
)

from case_service.domain.cuts import Cut, cut_of
from case_service.domain.dossier import Dossier
from case_service.domain.errors import EntryNotFound, NothingToUndo
from case_service.domain.going import Going, going_with_message
from case_service.domain.standing import Standing, standing


@dataclass
class SendBack:
    """What this dossier has got goes back to `to_dossier`; None: into a new one."""

    to_dossier: str | None
    going: Going
    of_merge: bool = False


@dataclass(frozen=True)
class Alone:
    """A message that went without its conversation, or a reply: then with the conversations of its targets."""

    said_id: str
    conversation_ids: tuple[str, ...] = ()

    def stands_in(self, here: Standing) -> bool:
        if not self.conversation_ids:
            return self.said_id in here.messages
        reply = here.replies.get(self.said_id)
        return reply is not None and reply.on(self.conversation_ids) is not None


@dataclass
class FetchBack:
    """What has left this dossier comes back, from wherever it is now. Each with the dossier that it went to."""

    conversations: dict[str, str] = field(default_factory=dict)
    alone: dict[Alone, str] = field(default_factory=dict)
    of_merge: bool = False
    again: bool = False
    """Whether it is a merge that is carried out again."""

    def __bool__(self) -> bool:
        return bool(self.conversations or self.alone)

    @property
    def dossiers(self) -> frozenset[str]:
        """Where it all went first."""
        return frozenset(self.conversations.values()) | frozenset(self.alone.values())


@dataclass(frozen=True)
class Relation:
    """To be related to that dossier, or not any more."""

    dossier_id: str
    related: bool


Plan = SendBack | FetchBack | Relation


def plan_undo(dossier: Dossier, history: Sequence[TimelineEntry], seq: int) -> Plan:
    """`history` is the dossier's whole timeline. Raises `EntryNotFound` and `NothingToUndo`."""
    entry = next((each for each in history if each.seq == seq), None)
    if entry is None:
        raise EntryNotFound(f"entry {seq}")
    match entry.event:
        case ConversationLinked() as event:
            return _conversation_back(dossier, history, seq, event)
        case MessageLinked() as event:
            return _message_back(dossier, history, seq, event)
        case ConversationUnlinked():
            return _fetched(dossier, history, [entry])
        case MessageUnlinked():
            command = _command_of(entry)
            # It may have taken a conversation of its own along, in which something was said since.
            own = [each for each in history if _frees(each) and _command_of(each) == command]
            return _fetched(dossier, history, [*own, entry])
        case StatusChanged(merged_into=str()) | DossierUnmerged():
            command = _command_of(entry)
            plan = _fetched(dossier, history, [each for each in history if _command_of(each) == command])
            plan.of_merge = True
            plan.again = isinstance(entry.event, DossierUnmerged)
            return plan
        case DossierMerged(dossier_id=other):
            return _merge_back(dossier, history, entry, other)
        case DossierRelated(dossier_id=other):
            return _relation(dossier, other, related=False)
        case DossierUnrelated(dossier_id=other):
            return _relation(dossier, other, related=True)
        case _:
            raise NothingToUndo("this entry moves or relates nothing")


def brought_by(history: Sequence[TimelineEntry], here: Standing, conversation_id: str, home: str) -> Cut | None:
    """What of a conversation returns to `home`: all, but for what had stood here when it came from there."""
    seq = _newest_links(history).get(conversation_id)
    if seq is None:
        return None
    event = history[seq - 1].event
    came_from = event.moved_from if isinstance(event, ConversationLinked) else None
    return _cut(here, conversation_id, seq) if came_from == home else None


class Departures:
    """Where things went from a dossier, by its history."""

    def __init__(self, history: Sequence[TimelineEntry]) -> None:
        # By what was said and in which conversation: a reply may stand in several.
        self._here: dict[tuple[str, str], TimelineEntry] = {}
        self._went: dict[tuple[str, str], tuple[int, str]] = {}
        for entry in history:
            match entry.event:
                case MessageLinked() as event:
                    self._here[event.message.message_id, event.conversation_id] = entry
                case ReplyRequested() as event:
                    self._replied(event, entry)
                case ReplyLinked() as event:
                    self._replied(event.reply, entry)
                case MessageUnlinked() as event:
                    self._leaves([(event.message_id, event.conversation_id)], entry.seq, event.moved_to)
                case ReplyUnlinked() as event:
                    gone = [(event.reply_id, each) for each in event.conversation_ids]
                    self._leaves(gone, entry.seq, event.moved_to)
                case ConversationUnlinked() as event if event.messages:
                    # Only what stands here goes along: a message may have left before it, alone.
                    self._leaves(self._taken(event), entry.seq, event.moved_to)
                case _:
                    pass

    def of(self, said: Alone) -> str | None:
        """The dossier that the message or the reply went to last."""
        wanted = said.conversation_ids
        found = [
            went
            for (said_id, conversation_id), went in self._went.items()
            if said_id == said.said_id and (not wanted or conversation_id in wanted)
        ]
        return max(found, default=(0, None))[1]

    def _replied(self, reply: ReplyRequested, entry: TimelineEntry) -> None:
        for target in reply.targets:
            self._here[reply.reply_id, target.conversation.conversation_id] = entry

    def _taken(self, event: ConversationUnlinked) -> list[tuple[str, str]]:
        cut = cut_of(event)
        return [
            key
            for key, entry in self._here.items()
            if key[1] == event.conversation_id and (cut is None or cut.takes_entry(entry))
        ]

    def _leaves(self, keys: Sequence[tuple[str, str]], seq: int, moved_to: str) -> None:
        for key in keys:
            self._here.pop(key, None)
            self._went[key] = (seq, moved_to)


def _conversation_back(
    dossier: Dossier, history: Sequence[TimelineEntry], seq: int, event: ConversationLinked
) -> SendBack:
    conversation_id = event.conversation.conversation_id
    if not dossier.has_conversation(conversation_id) or _newest_links(history).get(conversation_id) != seq:
        raise NothingToUndo("the conversation has been moved since")
    if event.moved_from is None and len(dossier.view.conversations) == 1:
        raise NothingToUndo("this dossier has no other conversation")
    return SendBack(event.moved_from, Going({conversation_id: _cut(standing(history), conversation_id, seq)}))


def _message_back(dossier: Dossier, history: Sequence[TimelineEntry], seq: int, event: MessageLinked) -> SendBack:
    here = standing(history)
    message = here.messages.get(event.message.message_id)
    if message is None or message.entry.seq != seq:
        raise NothingToUndo("the message has been moved since")
    if event.moved_from is None and len(here.messages) == 1 and len(dossier.view.conversations) <= 1:
        raise NothingToUndo("this dossier has no other message")
    return SendBack(event.moved_from, going_with_message(dossier, here, message))


def _merge_back(dossier: Dossier, history: Sequence[TimelineEntry], entry: TimelineEntry, other: str) -> SendBack:
    """What that command brought, as far as it is still here and nobody has linked it anew since."""
    command, here, newest = _command_of(entry), standing(history), _newest_links(history)
    first = here.first_seqs()
    brought = [each for each in history if _command_of(each) == command]
    conversations: dict[str, Cut | None] = {}
    for each in brought:
        if isinstance(each.event, ConversationLinked):
            key = each.event.conversation.conversation_id
            if dossier.has_conversation(key) and newest[key] == each.seq:
                conversations[key] = Cut(each.seq) if first.get(key, each.seq) < each.seq else None
    messages, replies = [], []
    for each in brought:
        match each.event:
            case MessageLinked(message=said, conversation_id=key) if key not in conversations:
                if said.message_id in here.messages and here.messages[said.message_id].entry.seq == each.seq:
                    messages.append(said.message_id)
            case ReplyLinked(reply=reply) if (present := here.replies.get(reply.reply_id)) is not None:
                keys = [
                    target.conversation.conversation_id
                    for target in present.reply.targets
                    if present.places[target.outbound_id].seq == each.seq
                ]
                if left := tuple(key for key in keys if key not in conversations):
                    replies.append((reply.reply_id, left))
            case _:
                pass
    going = Going(conversations, messages, replies)
    if not going:
        raise NothingToUndo("nothing that it brought is here any more")
    return SendBack(other, going, of_merge=True)


def _fetched(dossier: Dossier, history: Sequence[TimelineEntry], gone: Sequence[TimelineEntry]) -> FetchBack:
    here, plan = standing(history), FetchBack()
    for entry in gone:
        match entry.event:
            case ConversationUnlinked() as event if not dossier.has_conversation(event.conversation_id):
                plan.conversations[event.conversation_id] = event.moved_to
            case MessageUnlinked() as event if event.message_id not in here.messages:
                plan.alone[Alone(event.message_id)] = event.moved_to
            case ReplyUnlinked() as event:
                plan.alone[Alone(event.reply_id, event.conversation_ids)] = event.moved_to
            case _:
                pass
    if not plan:
        raise NothingToUndo("what went is here again")
    return plan


def _relation(dossier: Dossier, other: str, *, related: bool) -> Relation:
    if any(each.dossier_id == other for each in dossier.view.related) is related:
        raise NothingToUndo("it is so already")
    return Relation(other, related)


def _command_of(entry: TimelineEntry) -> str:
    """What the effects of one command, or of one step after a customer, have in common."""
    return entry.effect_id.rpartition(":")[0]


def _cut(here: Standing, conversation_id: str, seq: int) -> Cut | None:
    """What of the conversation had stood here before `seq` stays when the link of `seq` is taken back."""
    return Cut(seq) if here.first_seqs().get(conversation_id, seq) < seq else None


def _frees(entry: TimelineEntry) -> bool:
    return isinstance(entry.event, ConversationUnlinked) and not entry.event.messages


def _newest_links(history: Sequence[TimelineEntry]) -> dict[str, int]:
    """Conversation → `seq` of the entry that linked it last."""
    return {
        entry.event.conversation.conversation_id: entry.seq
        for entry in history
        if isinstance(entry.event, ConversationLinked)
    }
