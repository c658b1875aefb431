"""Whatever agents merge, split, move, relate and take back, in whatever history: nothing is lost, and an undo restores
what was, exactly."""

import uuid
from collections.abc import Iterator
from typing import Any

from case_service.domain.standing import standing
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from omnifil_contracts.dossier import TimelineEntry

from case_scenes.any_history import CUSTOMERS, AnyHistory

numbers = st.integers(min_value=0, max_value=11)

MARKS = ("dossier_merged", "dossier_unmerged", "dossier_related", "dossier_unrelated")
CORRECTIONS = ("merge", "split", "move_conversation", "move_message", "relate", "unrelate", "undo")


class AnyCorrections(AnyHistory):
    """All that `AnyHistory` does, and corrections. Every customer begins with two dossiers, and two threads in one."""

    @initialize()
    def customers_have_written(self) -> None:
        for customer in CUSTOMERS:
            for thread, times in (("of old", 3), ("of late", 4), ("besides", 2)):
                for _ in range(times):
                    message = self.shop.message(
                        customer, handle=f"{customer}@mail.example", conversation=f"{customer} {thread}"
                    )
                    self.written.append(message)
                    self.by_rule(self.shop.link(message))
                if thread == "of old":
                    self.shop.later(days=20)

    @precondition(lambda self: self.written)
    @rule(kind=st.sampled_from(CORRECTIONS), number=numbers, other=numbers, new=st.booleans())
    def an_agent_corrects(self, kind: str, number: int, other: int, new: bool) -> None:
        self.corrected(kind, number, other, new)

    @precondition(lambda self: self.written)
    @rule(kind=st.sampled_from(CORRECTIONS), number=numbers, other=numbers, new=st.booleans(), times=st.integers(1, 3))
    def a_correction_that_is_undone_leaves_what_was(
        self, kind: str, number: int, other: int, new: bool, times: int
    ) -> None:
        before = self.grouping()
        command_id = self.corrected(kind, number, other, new)
        if command_id is None:
            return
        for time in range(times):
            after = self.grouping()
            marks = list(self.undoable(command_id))
            if not marks:
                return
            dossier_id, seq = marks[(number + time) % len(marks)]
            command_id = uuid.uuid4().hex
            undone = self.command(dossier_id, {"type": "undo", "seq": seq}, command_id=command_id)
            assert undone is not None, "the last correction can always be taken back"
            assert self.grouping() == before
            before, after = after, before

    def corrected(self, kind: str, number: int, other: int, new: bool) -> str | None:
        """The command's id; None when it was refused, or had nothing to do."""
        dossier, there = self.any_dossier(number), self.any_dossier(other)
        here = standing(self.run_now(self.shop.events(dossier)))
        messages = sorted(here.messages)
        to: dict[str, Any] = {"to_dossier_id": None if new else there.id}
        if new and other % 3 == 0:
            to["to_customer_id"] = "customer-a"
        said: dict[str, Any] = {"type": kind}
        match kind:
            case "merge":
                said = {"type": "merge_dossier", "into_dossier_id": there.id}
            case "relate" | "unrelate":
                said = {"type": f"{kind}_dossier", "dossier_id": there.id}
            case "undo":
                said["seq"] = max(dossier.seq - other % 6, 1)
            case "move_conversation" if dossier.view.conversations:
                held = dossier.view.conversations[other % len(dossier.view.conversations)]
                said |= {"conversation_id": held.conversation.conversation_id, **to}
            case "move_message" if messages:
                said |= {"message_id": messages[other % len(messages)], **to}
            case "split" if messages:
                message = here.messages[messages[other % len(messages)]]
                said = {
                    "type": "split_conversation",
                    "conversation_id": message.event.conversation_id,
                    "from_message_id": message.event.message.message_id,
                    **to,
                }
            case _:
                return None
        command_id = uuid.uuid4().hex
        seq = dossier.seq
        result = self.command(dossier, said, command_id=command_id)
        return command_id if result is not None and self.run_now(self.shop.dossier(dossier.id)).seq > seq else None

    def undoable(self, command_id: str) -> Iterator[tuple[str, int]]:
        """The entries by which what the command did can be taken back as a whole."""
        done = [
            (dossier_id, entry)
            for dossier_id in sorted(self.shop.ids)
            for entry in self.run_now(self.shop.events(dossier_id))
            if entry.effect_id.startswith(f"cmd:{command_id}:")
        ]
        left = [
            one for one in done if one[1].event.type in ("conversation_unlinked", "message_unlinked", "reply_unlinked")
        ]
        sources = {dossier_id for dossier_id, _ in left}
        merged_again = sum(entry.event.type in ("dossier_merged", "dossier_unmerged") for _, entry in done) > 1
        for dossier_id, entry in done:
            if merged_again and len(sources) > 1:
                continue  # taken together from several dossiers: each has its own part
            whole = entry.event.type in MARKS or getattr(entry.event, "merged_into", None) is not None
            if whole or (len(left) == 1 and self.names(left[0][1], entry)):
                yield dossier_id, entry.seq

    def names(self, left: TimelineEntry, entry: TimelineEntry) -> bool:
        """Whether the entry links or unlinks the one thing that moved."""
        if left.event.type == "message_unlinked":
            if entry.event.type == "message_linked":
                return bool(entry.event.message.message_id == left.event.message_id)
            return entry is left
        if left.event.type == "conversation_unlinked":
            if entry.event.type == "conversation_linked":
                return bool(entry.event.conversation.conversation_id == left.event.conversation_id)
            return entry is left
        return False

    def grouping(self) -> dict[str, Any]:
        """Which dossier has what."""
        found: dict[str, Any] = {}
        for dossier_id, dossier in self.run_now(self.shop.dossiers()).items():
            messages, outbound = self.standing_of(dossier_id)
            found |= dict.fromkeys(messages | outbound | set(dossier.memory.threads), dossier_id)
            for each in dossier.view.related:
                found[f"{dossier_id} and {each.dossier_id}"] = True
        return found
