"""Long histories as the deciders of case-service write them: customers, agents and networks do what they do."""

from random import Random
from typing import Any

from case_scenes.shop import Shop
from case_service.domain.errors import CommandRefused
from case_service.domain.standing import standing
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import ReplyRequested
from omnifil_contracts.identity import Because, Identity
from omnifil_contracts.message import CustomerSuggestion

_CUSTOMERS = ("customer-a", "customer-b", "customer-c")


class BusyShop:
    """Does one random thing after another."""

    def __init__(self, random: Random) -> None:
        self.shop = Shop()
        self._random = random
        self._versions = dict.fromkeys(_CUSTOMERS, 0)
        self._owner_of_c = "customer-c"

    async def goes_on_for(self, steps: int) -> None:
        """Whatever is refused is refused."""
        happenings = [
            *[self._somebody_writes] * 5,
            *[self._replies] * 2,
            self._reports,
            self._changes_status,
            self._assigns,
            self._notes,
            *[self._moves] * 2,
            self._splits,
            self._merges_what_a_split_left,
            self._merges,
            self._relates,
            *[self._undoes] * 3,
            self._takes_a_merge_back,
            self._resolves,
            self._identity_moves,
        ]
        await self._somebody_writes()
        for _ in range(steps):
            await self._random.choice(happenings)()

    async def _somebody_writes(self) -> None:
        self.shop.later(seconds=self._random.choice((1, 60, 86_400)))
        customer = self._random.choice(_CUSTOMERS)
        assured = self._random.random() < 0.7
        suggestion = CustomerSuggestion(
            customer_id="customer-a",
            identity=Identity(kind="visitor", value="v-1"),
            linkable=True,
            because=Because(rule="identity"),
        )
        message = self.shop.message(
            self._owner_of_c if customer == "customer-c" else customer,
            handle=f"{customer}@mail.example",
            channel=self._random.choice(("email", "chat", "social")),
            conversation=self._random.choice("xyz"),
            assured=assured,
            suggestions=() if assured else (suggestion,),
            direction=self._random.choice(("inbound", "inbound", "inbound", "echo")),
            automatic=self._random.choice((None, None, None, "auto-reply")),
            text=self._random.choice(("Hello", "😀" * 150, "Order 4711?")),
        )
        await self.shop.link(message)

    async def _replies(self) -> None:
        dossier = await self._any()
        conversations = [each.conversation.conversation_id for each in dossier.view.conversations if each.identity]
        if conversations:
            await self._command(
                dossier,
                type="reply",
                text="It is on its way 🚚",
                conversation_ids=conversations[: self._random.randint(1, 3)],
                seen_seq=dossier.seq,
            )

    async def _reports(self) -> None:
        dossier = await self._any()
        for entry in await self.shop.events(dossier):
            if isinstance(entry.event, ReplyRequested):
                target = self._random.choice(entry.event.targets)
                report = DeliveryReported(
                    outbound_id=target.outbound_id,
                    dossier_id=dossier.id,
                    conversation_id=target.conversation.conversation_id,
                    state=self._random.choice(("sent", "delivered", "read", "failed")),
                    at=self.shop.now,
                )
                await self.shop.deliveries(report)

    async def _changes_status(self) -> None:
        await self._command(
            await self._any(), type="change_status", status=self._random.choice(("open", "waiting", "closed"))
        )

    async def _assigns(self) -> None:
        agent = {"kind": "agent", "id": "tom", "name": "Tom Berger"}
        command: dict[str, Any] = {"type": "assign", "agent": agent}
        await self._command(await self._any(), **self._random.choice((command, {"type": "unassign"})))

    async def _notes(self) -> None:
        await self._command(await self._any(), type="add_note", text="Called her.")

    async def _moves(self) -> None:
        dossier, other = await self._any(), await self._any()
        to = self._random.choice((None, other.id))
        messages = sorted(standing(await self.shop.events(dossier)).messages)
        if messages and self._random.random() < 0.5:
            message = self._random.choice(messages)
            await self._command(dossier, type="move_message", message_id=message, to_dossier_id=to)
        elif dossier.view.conversations:
            moved = self._random.choice(dossier.view.conversations).conversation.conversation_id
            await self._command(dossier, type="move_conversation", conversation_id=moved, to_dossier_id=to)

    async def _splits(self) -> None:
        dossier = await self._any()
        messages = list(standing(await self.shop.events(dossier)).messages.values())
        if messages:
            first = self._random.choice((messages[-1], self._random.choice(messages))).event
            await self._command(
                dossier,
                type="split_conversation",
                conversation_id=first.conversation_id,
                from_message_id=first.message.message_id,
            )

    async def _merges_what_a_split_left(self) -> None:
        """What was said before goes too, also the answer, without its conversation."""
        dossier = await self.shop.writes("customer-b", conversation="long")
        answered = [each.conversation.conversation_id for each in dossier.view.conversations if each.identity]
        await self.shop.reply(dossier, *answered)
        last = self.shop.message("customer-b", conversation="long")
        dossier = await self.shop.link(last)
        for each in dossier.view.conversations:
            await self._command(
                dossier,
                type="split_conversation",
                conversation_id=each.conversation.conversation_id,
                from_message_id=last.message.message_id,
            )
        into = (await self._any()).id
        await self._command(dossier, type="merge_dossier", into_dossier_id=into)

    async def _merges(self) -> None:
        await self._command(await self._any(), type="merge_dossier", into_dossier_id=(await self._any()).id)

    async def _relates(self) -> None:
        dossier, other = await self._any(), await self._any()
        related = [each.dossier_id for each in dossier.view.related]
        if related and self._random.random() < 0.5:
            await self._command(dossier, type="unrelate_dossier", dossier_id=related[0])
        else:
            await self._command(dossier, type="relate_dossier", dossier_id=other.id)

    async def _takes_a_merge_back(self) -> None:
        for dossier in (await self.shop.dossiers()).values():
            for entry in reversed(await self.shop.events(dossier)):
                if entry.event.type in ("dossier_merged", "dossier_unmerged"):
                    await self._command(dossier, type="undo", seq=entry.seq)
                    return

    async def _undoes(self) -> None:
        dossier = await self._any()
        await self._command(dossier, type="undo", seq=self._random.randint(1, dossier.seq))

    async def _resolves(self) -> None:
        for dossier in (await self.shop.dossiers()).values():
            for suggestion in dossier.view.suggestions:
                accept = self._random.random() < 0.5
                await self._command(
                    dossier, type="resolve_suggestion", suggestion_id=suggestion.suggestion_id, accept=accept
                )
                return

    async def _identity_moves(self) -> None:
        handles = tuple(Identity(kind=kind, value="customer-c@mail.example") for kind in ("email", "email-unproven"))
        before = self._owner_of_c
        self._owner_of_c = "customer-a" if before == "customer-c" else "customer-c"
        for customer in (before, self._owner_of_c):
            self._versions[customer] += 1
        await self.shop.customers(
            self.shop.changed(before, self._versions[before], released={self._owner_of_c: handles}),
            self.shop.changed(self._owner_of_c, self._versions[self._owner_of_c], has=handles),
        )

    async def _any(self) -> Any:
        dossiers = sorted((await self.shop.dossiers()).items())
        return self._random.choice(dossiers)[1]

    async def _command(self, dossier: Any, **command: Any) -> None:
        try:
            await self.shop.command(dossier, command)
        except CommandRefused:
            return
