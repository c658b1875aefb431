"""What leaves a dossier when something moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from omnifil_contracts.message import Conversation

from case_service.domain.dossier import Dossier
from case_service.domain.standing import Parts, Standing, StandingMessage


@dataclass(frozen=True)
class Going:
    """What leaves a dossier: conversations, wholly or behind a cut, and what stands there alone."""

    conversations: Parts = field(default_factory=dict)
    messages: Sequence[str] = ()
    """Ids of messages whose conversation stays, or is elsewhere."""
    replies: Sequence[tuple[str, tuple[str, ...]]] = ()
    """Replies and the conversations of theirs that go, where those are elsewhere."""
    freed: Mapping[str, Conversation] = field(default_factory=dict)
    """Messages that a rule had put into another conversation than their channel did: they get their own again."""

    def __bool__(self) -> bool:
        return bool(self.conversations or self.messages or self.replies)


def going_with_message(source: Dossier, here: Standing, message: StandingMessage) -> Going:
    """One message. The only one of its conversation takes the conversation along, so that it can be answered there."""
    conversation_id, message_id = message.event.conversation_id, message.event.message.message_id
    if source.has_conversation(conversation_id):
        others = Standing({key: each for key, each in here.messages.items() if key != message_id}, dict(here.replies))
        if not others.is_left_of(conversation_id):
            return Going({conversation_id: None})
    return Going(messages=[message_id])


def freed_by(here: Standing, message: StandingMessage) -> Conversation | None:
    """The message's own conversation, where a rule had put it into another, and nothing else of it is here."""
    own = message.event.message.conversation
    if own.conversation_id == message.event.conversation_id:
        return None
    others = (each for each in here.messages.values() if each is not message)
    alone = all(each.event.message.conversation.conversation_id != own.conversation_id for each in others)
    return own if alone else None


def everything(source: Dossier, here: Standing) -> Going:
    """All that stands in the dossier, also what stands there alone."""
    held = source.memory.threads.keys()
    alone = [key for key, each in here.messages.items() if each.event.conversation_id not in held]
    replies = []
    for reply_id, each in here.replies.items():
        elsewhere = [target.conversation.conversation_id for target in each.reply.targets]
        if guests := tuple(dict.fromkeys(one for one in elsewhere if one not in held)):
            replies.append((reply_id, guests))
    return Going(dict.fromkeys(each.conversation.conversation_id for each in source.view.conversations), alone, replies)
