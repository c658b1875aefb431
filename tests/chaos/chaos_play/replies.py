"""Replies: what went out, by the timelines, and what came to each customer's end."""

from collections import defaultdict
from dataclasses import dataclass, field

from chaos_play.crowd import End
from chaos_play.evidence import Evidence
from chaos_play.ledger import REPLY, Ledger, Mark

_MAY_BE_EITHER = "It is not known whether"


@dataclass
class Replies:
    """What went out, by the timeline: who should have it, and what was given up with a sentence to the agent."""

    due: list[tuple[str, Mark]] = field(default_factory=list)
    """Conversation and reply."""
    sequences: dict[tuple[str, str], list[Mark]] = field(default_factory=lambda: defaultdict(list))
    """By dossier and conversation, as they were asked for."""
    given_up: set[Mark] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    decided: bool = True
    threads: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of the writers, by conversation."""

    @classmethod
    def of(cls, evidence: Evidence, ledger: Ledger) -> "Replies":
        """From all timelines."""
        replies, asked, states = cls(), dict[str, Mark](), set[str]()
        for dossier_id, timeline in evidence.stored.items():
            for seq in sorted(timeline):
                event = timeline[seq]["event"]
                match event["type"]:
                    case "message_linked" if mark := ledger.mark_in(event["message"]["text"]):
                        replies.threads[event["conversation_id"]].add(mark.thread)
                    case "reply_requested" if mark := ledger.mark_in(event["text"]):
                        for target in event["targets"]:
                            asked[target["outbound_id"]] = mark
                            conversation_id = target["conversation"]["conversation_id"]
                            replies.due.append((conversation_id, mark))
                            replies.sequences[dossier_id, conversation_id].append(mark)
                    case "delivery_updated":
                        states.add(event["outbound_id"])
                        if event["state"] == "failed" and (mark := asked.get(event["outbound_id"])):
                            if str(event["reason"]).startswith(_MAY_BE_EITHER):
                                replies.given_up.add(mark)
                            else:
                                replies.failed.append(f"{mark}: {event['reason']}")
        replies.decided = asked.keys() <= states
        return replies

    def due_at(self, end: End) -> list[Mark]:
        """The replies that went out on conversations of this end."""
        held = self._held_at(end)
        return [mark for conversation_id, mark in self.due if conversation_id in held]

    def sequences_at(self, end: End) -> list[list[Mark]]:
        """Of each conversation of this end, in each dossier that had it, the replies in their order."""
        held = self._held_at(end)
        return [marks for (_, conversation_id), marks in self.sequences.items() if conversation_id in held]

    def _held_at(self, end: End) -> set[str]:
        return {each for each, threads in self.threads.items() if any(end.holds(thread) for thread in threads)}


async def arrived_at(end: End, ledger: Ledger) -> list[Mark]:
    """The replies that a customer has, in the order in which they came."""
    return [mark for text in await end.seen() for mark in ledger.marks_in(text) if mark.channel == REPLY]
