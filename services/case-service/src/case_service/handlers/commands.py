"""Agents' commands. The same command twice takes effect once and gets the same answer."""

from collections.abc import Sequence

import structlog
from omnifil_contracts.commands import (
    AddNote,
    Assign,
    ChangeStatus,
    CommandRequest,
    CommandResult,
    MoveConversation,
    MoveMessage,
    Reply,
    ResolveSuggestion,
    Unassign,
    Undo,
)
from omnifil_contracts.dossier import Event, ReplyRequested, TimelineEntry
from omnifil_contracts.identity import Actor, Because, Evidence
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.metrics import Stage, messages

from case_service.domain import commanding
from case_service.domain.casebook import Addition, Casebook, Decision, Lookup
from case_service.domain.commanding import Order
from case_service.domain.dossier import Dossier
from case_service.domain.errors import CommandRefused, DossierNotFound, InvalidCommand, NothingToUndo
from case_service.domain.moving import (
    Mover,
    move_conversations,
    move_message,
    opening_for,
    opening_for_message,
    writer_of,
)
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.domain.undoing import Return, plan_undo
from case_service.handlers.settling import ROUNDS, Clock, open_casebook
from case_service.metrics import COMMANDS
from case_service.ports import Timeline

log = structlog.get_logger(__name__)


class Commands:
    """Carries out what agents ask for."""

    def __init__(self, timeline: Timeline, policy: Policy, minting: Minting, clock: Clock) -> None:
        self._timeline = timeline
        self._policy = policy
        self._minting = minting
        self._clock = clock

    async def execute(self, dossier_id: str, request: CommandRequest, agent: Actor) -> CommandResult:
        """Raises `CommandRefused` with its reason, and `Transient`."""
        try:
            result = await self._execute(dossier_id, request, agent)
        except CommandRefused as refused:
            COMMANDS.labels(request.command.type, type(refused).__name__).inc()
            raise
        COMMANDS.labels(request.command.type, "done").inc()
        return result

    async def _execute(self, dossier_id: str, request: CommandRequest, agent: Actor) -> CommandResult:
        for _ in range(ROUNDS):
            answered = await self._timeline.answer_to(request.command_id)
            if answered is not None:
                return answered
            casebook = await self._open(Lookup(dossiers=frozenset([dossier_id])))
            dossier = casebook.get(dossier_id)
            if dossier is None:
                raise DossierNotFound(dossier_id)
            order = Order(request.command_id, agent, self._clock())
            decision, casebook = await self._decide(casebook, dossier, request, order)
            result = await self._append(casebook, decision, dossier, order)
            if result is not None:
                log.info("command_executed", dossier=dossier_id, command=request.command.type)
                return result
        raise Transient(f"Dossier {dossier_id} is being written by many at once: try again.")

    async def _open(self, lookup: Lookup) -> Casebook:
        return await open_casebook(self._timeline, lookup, self._policy.patterns)

    async def _append(
        self, casebook: Casebook, decision: Decision, dossier: Dossier, order: Order
    ) -> CommandResult | None:
        """None when somebody was faster."""
        casebook.record(decision, order.now)
        groups = casebook.groups()
        if not groups:
            return CommandResult(dossier_id=dossier.id, seq=dossier.seq)
        after = casebook.get(dossier.id) or dossier
        # A move adds to its source first, to its destination second.
        destination = decision[1].dossier_id if len(decision) > 1 else None
        result = CommandResult(dossier_id=dossier.id, seq=after.seq, to_dossier_id=destination)
        for append in groups[0].appends:
            append.answer = {"command_id": order.command_id, **result.model_dump(mode="json")}
        if await self._timeline.append(groups):
            return None
        for event in (entry.event for append in groups[0].appends for entry in append.entries):
            if isinstance(event, ReplyRequested):
                for target in event.targets:
                    messages(target.conversation.channel, Stage.REPLY_REQUESTED).inc()
        return result

    async def _decide(
        self, casebook: Casebook, dossier: Dossier, request: CommandRequest, order: Order
    ) -> tuple[Decision, Casebook]:
        command = request.command
        match command:
            case Reply():
                unseen = await self._unseen(dossier, command, order.agent)
                events = commanding.reply(dossier, command, order, self._minting, unseen)
                return _alone(dossier, events, order), casebook
            case AddNote():
                return _alone(dossier, commanding.add_note(command, order), order), casebook
            case ChangeStatus():
                return _alone(dossier, commanding.change_status(dossier, command, order), order), casebook
            case Assign() | Unassign():
                return _alone(dossier, commanding.assign(dossier, command), order), casebook
            case MoveConversation(conversation_id=conversation_id, to_dossier_id=to):
                return await self._move(dossier, Return(dossier.id, to, conversation_id=conversation_id), order)
            case MoveMessage(message_id=message_id, to_dossier_id=to):
                return await self._move(dossier, Return(dossier.id, to, message_id=message_id), order)
            case Undo(seq=seq):
                plan = plan_undo(dossier, await self._timeline.history(dossier.id), seq)
                return await self._move(dossier, plan, order, evidence="link-undone")
            case ResolveSuggestion():
                return await self._resolve(casebook, dossier, command, order)

    async def _unseen(self, dossier: Dossier, command: Reply, agent: Actor) -> list[TimelineEntry]:
        seqs = commanding.unseen_replies(dossier, command, agent)
        if not seqs:
            return []
        entries = await self._timeline.entries(dossier.id, after_seq=min(seqs) - 1, limit=max(seqs) - min(seqs) + 1)
        return [entry for entry in entries if entry.seq in seqs]

    async def _resolve(
        self, casebook: Casebook, dossier: Dossier, command: ResolveSuggestion, order: Order
    ) -> tuple[Decision, Casebook]:
        """Accepting `same-matter` moves the conversation; `same-customer` is answered by the link of the identity."""
        events = commanding.resolved(dossier, command.suggestion_id, command.accept)
        suggestion = next(
            (each for each in dossier.view.suggestions if each.suggestion_id == command.suggestion_id), None
        )
        if not events or not command.accept or suggestion is None or suggestion.kind == "same-customer":
            return _alone(dossier, events, order), casebook
        if suggestion.dossier_id is None:
            raise InvalidCommand("This suggestion names no dossier to join.")
        accepted = Evidence(code="suggestion-accepted", values={"agent": order.agent.name or order.agent.id})
        because = Because(rule="agent", evidence=(accepted, *suggestion.because.evidence))
        target = await self._merged_into(suggestion.dossier_id)
        plan = Return(dossier.id, target, conversation_id=suggestion.conversation_id)
        return await self._move(dossier, plan, order, because=because, before=events)

    async def _merged_into(self, dossier_id: str) -> str:
        """The dossier, or the one that has got everything of it since."""
        seen: set[str] = set()
        while dossier_id not in seen:
            seen.add(dossier_id)
            found = (await self._timeline.load([dossier_id])).get(dossier_id)
            dossier_id = (found.view.merged_into if found else None) or dossier_id
        return dossier_id

    async def _move(
        self,
        dossier: Dossier,
        plan: Return,
        order: Order,
        *,
        evidence: str | None = None,
        because: Because | None = None,
        before: Sequence[Event] = (),
    ) -> tuple[Decision, Casebook]:
        """What `plan` says, from wherever the thing is now; with a casebook that holds all who are concerned."""
        wanted = frozenset(each for each in (dossier.id, plan.from_dossier, plan.to_dossier) if each)
        moved = frozenset([plan.conversation_id] if plan.conversation_id else [])
        casebook = await self._open(Lookup(dossiers=wanted, conversations=moved))
        source = self._source(casebook, plan)
        customers = {source.customer_id, *(thread.customer_id for thread in source.memory.threads.values())}
        if plan.message_id is not None and plan.to_dossier is None:
            message = writer_of(source, await self._timeline.history(source.id), plan.message_id)
            customers.add(message.event.customer_id)
        casebook = await self._open(
            Lookup(
                dossiers=wanted | {source.id},
                conversations=moved,
                customers=frozenset(each for each in customers if each is not None),
            )
        )
        source = self._source(casebook, plan)
        # Read after the state: what came between makes the append lose, and all of this is done again.
        history = await self._timeline.history(source.id)
        why = because or _why(order, evidence)
        mover = Mover(order.agent, order.now, why, order.effect)
        destination = self._destination(casebook, plan)
        if plan.conversation_id is not None:
            opening = destination or opening_for(casebook, source, plan.conversation_id, why)
            return (
                move_conversations(source, history, [plan.conversation_id], opening, mover, before=before),
                casebook,
            )
        assert plan.message_id is not None  # noqa: S101 a plan names the one or the other
        message = writer_of(source, history, plan.message_id)
        opened = destination or opening_for_message(casebook, source, message, why)
        return move_message(source, history, plan.message_id, opened, mover), casebook

    def _source(self, casebook: Casebook, plan: Return) -> Dossier:
        source = casebook.get(plan.from_dossier)
        if plan.conversation_id is not None:
            held = casebook.holder(plan.conversation_id, plan.from_dossier)
            source = held[0] if held is not None else source
        if source is None:
            raise NothingToUndo("what it linked is nowhere to be found")
        if source.id == plan.to_dossier:
            raise InvalidCommand("It is in this dossier already.")
        return source

    def _destination(self, casebook: Casebook, plan: Return) -> Dossier | None:
        """Where it goes; None: into a dossier of its own."""
        if plan.to_dossier is None:
            return None
        found = casebook.get(plan.to_dossier)
        if found is None:
            raise DossierNotFound(plan.to_dossier)
        return found


def _alone(dossier: Dossier, events: Sequence[Event], order: Order) -> Decision:
    return (Addition(dossier.id, order.drafts(events)),) if events else ()


def _why(order: Order, evidence: str | None) -> Because:
    if evidence is None:
        return order.because
    return Because(
        rule="agent", evidence=(Evidence(code=evidence, values={"agent": order.agent.name or order.agent.id}),)
    )
