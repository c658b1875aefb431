"""Agents' commands. The same command twice takes effect once and gets the same answer."""

from collections.abc import Sequence

import structlog
from omnifil_contracts.commands import (
    AddNote,
    Assign,
    ChangeStatus,
    CommandRequest,
    CommandResult,
    PreviewRequest,
    Reply,
    ResolveSuggestion,
    Unassign,
)
from omnifil_contracts.dossier import Event, ReplyRequested, Suggestion, SuggestionMade, TimelineEntry
from omnifil_contracts.identity import Actor, Because, Evidence
from omnifil_contracts.views import MovePreview
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.metrics import Stage, messages

from case_service.domain import commanding
from case_service.domain.casebook import Casebook
from case_service.domain.commanding import Order
from case_service.domain.decisions import Addition, Decision
from case_service.domain.dossier import Dossier
from case_service.domain.errors import CommandRefused, DossierNotFound, InvalidCommand
from case_service.domain.lookups import Lookup
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.handlers.corrections import Correction, Corrections
from case_service.handlers.outcomes import Outcome, Overtaken
from case_service.handlers.previewing import Previewing
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
        self._corrections = Corrections(timeline, policy)
        self._previewing = Previewing(timeline, policy, clock)

    async def preview(self, dossier_id: str, request: PreviewRequest, agent: Actor) -> MovePreview:
        """What the command would move. Raises `CommandRefused` as the command would, and `Transient`."""
        return await self._previewing.preview(dossier_id, request.command, agent)

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
            try:
                outcome = await self._decide(casebook, dossier, request, order)
            except Overtaken:
                continue
            result = await self._append(outcome, dossier, order)
            if result is not None:
                log.info("command_executed", dossier=dossier_id, command=request.command.type)
                return result
        raise Transient(f"Dossier {dossier_id} is being written by many at once: try again.")

    async def _open(self, lookup: Lookup) -> Casebook:
        return await open_casebook(self._timeline, lookup, self._policy.patterns)

    async def _append(self, outcome: Outcome, dossier: Dossier, order: Order) -> CommandResult | None:
        """None when somebody was faster."""
        casebook = outcome.casebook
        casebook.record(outcome.decision, order.now)
        groups = casebook.groups()
        if not groups:
            return CommandResult(dossier_id=dossier.id, seq=dossier.seq)
        after = casebook.get(dossier.id) or dossier
        result = CommandResult(dossier_id=dossier.id, seq=after.seq, to_dossier_id=outcome.to_dossier_id)
        for append in groups[0].appends:
            append.answer = {"command_id": order.command_id, **result.model_dump(mode="json")}
        if await self._timeline.append(groups):
            return None
        for event in (entry.event for append in groups[0].appends for entry in append.entries):
            if isinstance(event, ReplyRequested):
                for target in event.targets:
                    messages(target.conversation.channel, Stage.REPLY_REQUESTED).inc()
        return result

    async def _decide(self, casebook: Casebook, dossier: Dossier, request: CommandRequest, order: Order) -> Outcome:
        command = request.command
        if isinstance(command, Correction) or (isinstance(command, ResolveSuggestion) and _moves(dossier, command)):
            await self._corrections.refuse_changed(dossier, request.seen_seq, order.agent)
        match command:
            case Reply():
                unseen = await self._unseen(dossier, command, order.agent)
                events = commanding.reply(dossier, command, order, self._minting, unseen)
                return Outcome(_alone(dossier, events, order), casebook)
            case AddNote():
                return Outcome(_alone(dossier, commanding.add_note(command, order), order), casebook)
            case ChangeStatus():
                return Outcome(_alone(dossier, commanding.change_status(dossier, command, order), order), casebook)
            case Assign() | Unassign():
                return Outcome(_alone(dossier, commanding.assign(dossier, command), order), casebook)
            case ResolveSuggestion():
                return await self._resolve(casebook, dossier, command, order)
            case _:
                return await self._corrections.decide(dossier, command, order)

    async def _unseen(self, dossier: Dossier, command: Reply, agent: Actor) -> list[TimelineEntry]:
        seqs = commanding.unseen_replies(dossier, command, agent)
        if not seqs:
            return []
        entries = await self._timeline.entries(dossier.id, after_seq=min(seqs) - 1, limit=max(seqs) - min(seqs) + 1)
        return [entry for entry in entries if entry.seq in seqs]

    async def _resolve(self, casebook: Casebook, dossier: Dossier, command: ResolveSuggestion, order: Order) -> Outcome:
        """Accepting `same-matter` moves the conversation; `same-customer` is answered by the link of the identity."""
        events = commanding.resolved(dossier, command.suggestion_id, command.accept)
        suggestion = _suggested(dossier, command)
        if suggestion is None and events and command.accept:
            suggestion = await self._made(dossier, command)  # its conversation has left
        if not events or not command.accept or suggestion is None or suggestion.kind == "same-customer":
            return Outcome(_alone(dossier, events, order), casebook)
        if suggestion.dossier_id is None:
            raise InvalidCommand("This suggestion names no dossier to join.")
        accepted = Evidence(code="suggestion-accepted", values={"agent": order.agent.name or order.agent.id})
        because = Because(rule="agent", evidence=(accepted, *suggestion.because.evidence))
        return await self._corrections.join(
            dossier, suggestion.conversation_id, suggestion.dossier_id, order, because, events
        )

    async def _made(self, dossier: Dossier, command: ResolveSuggestion) -> Suggestion | None:
        history = await self._timeline.history(dossier.id)
        made = (entry.event.suggestion for entry in history if isinstance(entry.event, SuggestionMade))
        return next((each for each in made if each.suggestion_id == command.suggestion_id), None)


def _suggested(dossier: Dossier, command: ResolveSuggestion) -> Suggestion | None:
    return next((each for each in dossier.view.suggestions if each.suggestion_id == command.suggestion_id), None)


def _moves(dossier: Dossier, command: ResolveSuggestion) -> bool:
    """`same-customer` is answered by the identity's link, which is made by then: to refuse it now would deny that."""
    suggestion = _suggested(dossier, command)
    return suggestion is None or suggestion.kind != "same-customer"


def _alone(dossier: Dossier, events: Sequence[Event], order: Order) -> Decision:
    return (Addition(dossier.id, order.drafts(events)),) if events else ()
