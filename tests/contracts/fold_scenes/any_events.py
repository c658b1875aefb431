"""Random events of every type, over few conversations, messages and instants, so that they meet each other.

They need not be sensible: the two folds must agree on whatever a timeline can hold.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar, get_args

from omnifil_contracts import dossier as d
from omnifil_contracts.identity import Actor, Assurance, AssuredIdentity, Because, Evidence, Identity
from omnifil_contracts.message import Attachment, Conversation, InboundMessage, Sender
from omnifil_testkit.builders import NOON

EVENT_TYPES: dict[str, type[Any]] = {
    event.model_fields["type"].default: event for event in get_args(get_args(d.Event)[0])
}
AMELIE = Actor(kind="agent", id="amelie", name="Amélie Roux")
_CHANNELS = ("email", "chat", "social", "sms")
_KEYS = ("a", "b", "c")
_TEXTS = ("", "Hello", "Où est ma commande ?", "👩‍👩‍👧‍👦 " * 60, "x" * 139 + "é😀", "y" * 500, "line\nbreak\u2028")
_T = TypeVar("_T")


class AnyEvents:
    """Draws from one random stream, so that a history is told again by its seed."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._makers: dict[str, Callable[[], Any]] = {
            "dossier_opened": self._opened,
            "conversation_linked": lambda: d.ConversationLinked(
                conversation=self._conversation(), because=self._because(), moved_from=self._maybe("d-other")
            ),
            "conversation_unlinked": lambda: d.ConversationUnlinked(
                conversation_id=self._conversation().conversation_id,
                moved_to="d-other",
                messages=self._random.randint(0, 4),
                because=self._because(),
            ),
            "message_linked": self._message_linked,
            "message_unlinked": lambda: d.MessageUnlinked(
                message_id=self._message().message_id,
                conversation_id=self._conversation().conversation_id,
                moved_to="d-other",
                because=self._because(),
            ),
            "reply_requested": self._reply,
            "reply_linked": lambda: d.ReplyLinked(
                reply=self._reply(),
                agent=AMELIE,
                states={"o": d.DeliveryState.SENT},
                moved_from="d-other",
                joins=self._random.random() < 0.3,
            ),
            "reply_unlinked": lambda: d.ReplyUnlinked(
                reply_id=self._reply().reply_id,
                conversation_ids=(self._conversation().conversation_id,),
                moved_to="d-other",
                stays=self._random.random() < 0.3,
                because=self._because(),
            ),
            "delivery_updated": lambda: d.DeliveryUpdated(
                outbound_id="o",
                conversation_id=self._conversation().conversation_id,
                state=self._one_of(list(d.DeliveryState)),
                reason=self._maybe("No such mailbox."),
            ),
            "note_added": lambda: d.NoteAdded(note_id="n", text=self._one_of(_TEXTS)),
            "status_changed": lambda: d.StatusChanged(
                status=self._one_of(list(d.Status)), because=self._because(), merged_into=self._maybe("d-other")
            ),
            "dossier_merged": lambda: d.DossierMerged(
                dossier_id="d-other", number="D-OTHE-R222", because=self._because()
            ),
            "dossier_unmerged": lambda: d.DossierUnmerged(
                dossier_id="d-other", number="D-OTHE-R222", because=self._because()
            ),
            "dossier_related": lambda: d.DossierRelated(
                dossier_id=self._one_of(("d-a", "d-b")), number="D-OTHE-R222", because=self._because()
            ),
            "dossier_unrelated": lambda: d.DossierUnrelated(
                dossier_id=self._one_of(("d-a", "d-b")), because=self._because()
            ),
            "assigned": lambda: d.Assigned(agent=AMELIE),
            "unassigned": lambda: d.Unassigned(),
            "suggestion_made": lambda: d.SuggestionMade(suggestion=self._suggestion()),
            "suggestion_resolved": lambda: d.SuggestionResolved(
                suggestion_id=self._suggestion().suggestion_id, accepted=self._random.random() < 0.5
            ),
            "customer_reassigned": lambda: d.CustomerReassigned(
                customer_id=self._one_of(("c-1", "c-2")),
                customer_name=self._maybe("Zoé"),
                ordinal=2,
                previous_customer_id="c-1",
                because=self._because(),
            ),
            "customer_erased": lambda: d.CustomerErased(
                customer_ids=("c-1",),
                is_theirs=self._random.random() < 0.5,
                subject=self._random.random() < 0.5,
                conversation_ids=(self._conversation().conversation_id,),
                handles_in=(self._conversation().conversation_id,),
                last_message=self._random.random() < 0.5,
            ),
        }

    def event(self, event_type: str) -> Any:
        """One of this type."""
        return self._makers[event_type]()

    def entry(self, seq: int, event: Any) -> d.TimelineEntry:
        """It, as a line of the timeline; what happened in the world is not in the order of `seq`."""
        return d.TimelineEntry(
            seq=seq,
            at=NOON + timedelta(seconds=seq),
            occurred_at=self._instant(),
            actor=AMELIE,
            effect_id=f"effect-{seq}",
            event=event,
        )

    def history(self, length: int, but_last: Sequence[str] = ()) -> list[d.TimelineEntry]:
        """A timeline of this many entries and, at the end, those that are named."""
        later = sorted(set(EVENT_TYPES) - {"dossier_opened"})
        types = ["dossier_opened", *(self._one_of(later) for _ in range(length - 1)), *but_last]
        return [self.entry(seq, self.event(each)) for seq, each in enumerate(types, start=1)]

    def _opened(self) -> d.DossierOpened:
        return d.DossierOpened(
            customer_id="c-1",
            customer_name=self._maybe("Clara"),
            ordinal=1,
            number="D-7K3F-92QX",
            subject=self._maybe(self._one_of(_TEXTS)),
            because=self._because(),
            follows=self._maybe("d-before"),
        )

    def _message_linked(self) -> d.MessageLinked:
        message = self._message()
        return d.MessageLinked(
            message=message,
            conversation_id=message.conversation.conversation_id,
            customer_id="c-1",
            assured=self._random.random() < 0.5,
            because=self._because(),
            moved_from=self._maybe("d-other"),
        )

    def _message(self) -> InboundMessage:
        handle = Identity(kind="email", value=self._one_of(("clara@mail.example", "léa@mail.example")))
        return InboundMessage.make(
            channel=self._one_of(_CHANNELS),
            account="support",
            conversation_key=self._one_of(_KEYS),
            provider_message_id=self._one_of("12345"),
            sender=Sender(
                primary=AssuredIdentity(identity=handle, assurance=self._one_of(list(Assurance))),
                display_name=self._maybe("Clara"),
            ),
            direction=self._one_of(("inbound", "inbound", "echo")),
            automatic=self._one_of((None, None, "auto-reply")),
            text=self._one_of(_TEXTS),
            received_at=self._instant(),
            reply_window_ends_at=self._maybe(self._instant()),
        )

    def _reply(self) -> d.ReplyRequested:
        return d.ReplyRequested(
            reply_id=self._one_of(("r-1", "r-2")),
            text=self._one_of(_TEXTS),
            attachments=(Attachment(sha256="0" * 64, filename="a.png", media_type="image/png", size_bytes=3),),
            targets=tuple(
                d.ReplyTarget(
                    outbound_id=f"o-{number}",
                    conversation=self._conversation(),
                    recipient=Identity(kind="email", value="clara@mail.example"),
                    reference="ref",
                )
                for number in range(self._random.randint(1, 3))
            ),
        )

    def _suggestion(self) -> d.Suggestion:
        return d.Suggestion(
            suggestion_id=self._one_of(("s-1", "s-2", "s-3")),
            kind=self._one_of(("same-customer", "same-matter")),
            conversation_id=self._conversation().conversation_id,
            customer_id=self._maybe("c-2"),
            because=self._because(),
        )

    def _conversation(self) -> Conversation:
        channel, key = self._one_of(_CHANNELS), self._one_of(_KEYS)
        made = InboundMessage.make(
            channel=channel,
            account="support",
            conversation_key=key,
            provider_message_id="any",
            sender=self._sender(),
            received_at=NOON,
        )
        return made.conversation

    def _sender(self) -> Sender:
        handle = Identity(kind="email", value="clara@mail.example")
        return Sender(primary=AssuredIdentity(identity=handle, assurance=Assurance.VERIFIED))

    def _because(self) -> Because:
        evidence = (Evidence(code="same-thread", values={"message": "1"}),) if self._random.random() < 0.5 else ()
        return Because(rule=self._one_of(("new", "thread", "agent")), evidence=evidence)

    def _instant(self) -> datetime:
        """Few enough that two are often the same; some differ by less than a millisecond, some have no fraction."""
        return NOON + timedelta(
            seconds=self._random.randint(0, 5), microseconds=self._one_of((0, 1, 999, 1000, 500_000, 999_999))
        )

    def _maybe(self, value: _T) -> _T | None:
        return value if self._random.random() < 0.5 else None

    def _one_of(self, choices: Sequence[_T]) -> _T:
        return self._random.choice(choices)
