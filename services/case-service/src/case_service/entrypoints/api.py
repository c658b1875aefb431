"""The internal HTTP API: inbox, dossiers, timelines, and agents' commands. It translates, nothing else."""

import base64
import json
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, FastAPI, Header, Query
from omnifil_contracts.commands import CommandRequest, CommandResult, PreviewRequest
from omnifil_contracts.dossier import DossierView, Status
from omnifil_contracts.identity import Actor
from omnifil_contracts.views import DossierSnapshot, Inbox, Journey, MovePreview, Timeline
from omnifil_servicekit.auth import require_internal
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.openapi import describe_problems
from omnifil_servicekit.problem import Mapped, Problem, install
from omnifil_servicekit.web import OWN_TELEMETRY
from pydantic import AwareDatetime, SecretStr

from case_service.domain import errors
from case_service.domain.search import asked_words
from case_service.handlers import Commands
from case_service.handlers.journey import JourneyReading
from case_service.handlers.reading import Reading
from case_service.ports import InvalidPage, Question

PROBLEMS: Mapping[type[Exception], Mapped] = {
    errors.DossierNotFound: (404, "dossier-not-found", "The dossier does not exist"),
    errors.ConversationNotFound: (404, "conversation-not-found", "The conversation is not in this dossier"),
    errors.EntryNotFound: (404, "entry-not-found", "The dossier has no such entry"),
    errors.ReplyConflict: lambda error: Problem(
        409,
        "reply-conflict",
        "Somebody else has answered",
        str(error),
        entries=[entry.model_dump(mode="json") for entry in error.entries],
    ),
    errors.DossierChanged: lambda error: Problem(
        409,
        "dossier-changed",
        "Somebody else has moved something here",
        str(error),
        entries=[entry.model_dump(mode="json") for entry in error.entries],
    ),
    errors.WindowExpired: lambda error: Problem(
        409,
        "window-expired",
        "The network no longer takes an answer",
        str(error),
        conversation_id=error.conversation_id,
        expired_at=error.expired_at.isoformat(),
    ),
    errors.NothingToUndo: (409, "nothing-to-undo", "There is nothing to undo"),
    errors.SuggestionResolvedAlready: (409, "suggestion-resolved", "The suggestion is decided"),
    errors.InvalidCommand: (422, "invalid-command", "The command cannot be carried out"),
    InvalidPage: (400, "invalid-page", "The page does not exist"),
    Transient: (503, "unavailable", "The dossiers cannot be reached"),
}


def cursor(watermark: Mapping[int, int]) -> str:
    """Where the live stream continues a snapshot: the offsets of dossier.events.v1 by partition."""
    offsets = {str(partition): offset for partition, offset in sorted(watermark.items())}
    return base64.urlsafe_b64encode(json.dumps(offsets, separators=(",", ":")).encode()).decode().rstrip("=")


def agent_of(
    agent: Annotated[str, Header(alias="X-Omnifil-Agent", min_length=1, max_length=200)],
    name: Annotated[str | None, Header(alias="X-Omnifil-Agent-Name", max_length=1000)] = None,
) -> Actor:
    return Actor(kind="agent", id=agent, name=unquote(name)[:200] if name else None)


def create(reading: Reading, journey: JourneyReading, commands: Commands, internal_token: SecretStr) -> FastAPI:
    app = FastAPI(
        title="case-service", dependencies=[Depends(require_internal(internal_token))], telemetry=OWN_TELEMETRY
    )
    install(app, PROBLEMS)

    @app.get("/dossiers")
    async def inbox(
        status: Annotated[list[Status] | None, Query()] = None,
        assigned_to: str | None = None,
        channel: str | None = None,
        customer_id: str | None = None,
        q: Annotated[str | None, Query(max_length=200)] = None,
        page: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Inbox:
        question = Question(
            statuses=frozenset(status or ()),
            assigned_to=assigned_to,
            channel=channel,
            customer_id=customer_id,
            words=asked_words(q or ""),
            after=page,
            limit=limit,
        )
        watermark, found = await reading.inbox(question)
        return Inbox(cursor=cursor(watermark), dossiers=found.dossiers, next_page=found.next_page)

    @app.get("/dossiers/{dossier_id}")
    async def dossier(dossier_id: str, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> DossierSnapshot:
        watermark, found, entries = await reading.snapshot(dossier_id, limit)
        return DossierSnapshot(
            cursor=cursor(watermark), dossier=found, timeline=entries, has_earlier=bool(entries) and entries[0].seq > 1
        )

    @app.get("/dossiers/{dossier_id}/timeline")
    async def timeline(
        dossier_id: str,
        before_seq: Annotated[int | None, Query(ge=1)] = None,
        after_seq: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> Timeline:
        entries = await reading.timeline(dossier_id, after_seq=after_seq, before_seq=before_seq, limit=limit)
        first = entries[0].seq if entries else (before_seq or after_seq + 1)
        return Timeline(entries=entries, has_earlier=first > 1)

    @app.post("/dossiers/{dossier_id}/commands")
    async def command(
        dossier_id: str, request: CommandRequest, agent: Annotated[Actor, Depends(agent_of)]
    ) -> CommandResult:
        return await commands.execute(dossier_id, request, agent)

    @app.get("/customers/{customer_id}/contacts")
    async def contacts(
        customer_id: str, before: AwareDatetime | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> Journey:
        return await journey.of(customer_id, before, limit)

    @app.post("/dossiers/{dossier_id}/preview")
    async def preview(
        dossier_id: str, request: PreviewRequest, agent: Annotated[Actor, Depends(agent_of)]
    ) -> MovePreview:
        """What a command would move; changes nothing."""
        return await commands.preview(dossier_id, request, agent)

    @app.get("/customers/{customer_id}/dossiers")
    async def of_customer(customer_id: str) -> tuple[DossierView, ...]:
        return await reading.of_customer(customer_id)

    describe_problems(app)
    return app
