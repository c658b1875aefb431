"""The internal HTTP API: who a customer is, and what agents ask of identities."""

from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query
from omnifil_contracts.customer import (
    CommandId,
    CustomerChanged,
    LinkedIdentity,
    LinkIdentity,
    MarkShared,
    MergeCustomers,
    MergePreview,
    SplitCustomer,
)
from omnifil_contracts.identity import Actor, Identity
from omnifil_contracts.record import Value
from omnifil_servicekit import problem
from omnifil_servicekit.auth import require_internal
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.openapi import describe_problems
from omnifil_servicekit.problem import Mapped
from omnifil_servicekit.web import OWN_TELEMETRY
from pydantic import SecretStr

from customer_profile.desk import Desk
from customer_profile.domain import linking, merging
from customer_profile.domain.identities import KnownIdentity
from customer_profile.entrypoints import pushing
from customer_profile.ports import CommandReused

Kind = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
Handle = Annotated[str, Path(min_length=1, max_length=512)]

PROBLEMS: dict[type[Exception], Mapped] = {
    linking.CustomerNotFound: (404, "customer-not-found", "No such customer"),
    linking.IdentityNotFound: (404, "identity-not-found", "No such identity"),
    linking.IdentityNotLinkable: (409, "identity-not-linkable", "This handle cannot be linked"),
    linking.NothingToUndo: (409, "nothing-to-undo", "There is nothing to undo"),
    linking.MovedMeanwhile: lambda error: problem.Problem(
        409, "identity-conflict", "Somebody else was faster", str(error), customer_id=error.customer_id
    ),
    linking.CustomerConflict: lambda error: problem.Problem(
        409, "customer-conflict", "Somebody else was faster", str(error), customer_id=error.customer_id
    ),
    merging.MergeNotFound: (404, "merge-not-found", "No such merge"),
    merging.NothingToMerge: (409, "nothing-to-merge", "They are one customer"),
    merging.NothingToSplit: (409, "nothing-to-split", "Nobody would be left"),
    **dict.fromkeys(pushing.REFUSED, (422, "update-refused", "This can never be taken in")),
    CommandReused: (409, "command-reused", "This command id was used for something else"),
    Transient: (503, "unavailable", "Try again in a moment"),
}


class LinkRequest(Value):
    """Sent again with the same id, it takes effect once."""

    command_id: CommandId
    link: LinkIdentity


class UndoRequest(Value):
    command_id: CommandId


class PastLink(Value):
    customer_id: str
    link: LinkedIdentity
    undoes: str | None = None


class IdentityState(Value):
    """Whose an identity is, and every link it ever had, oldest first."""

    customer_id: str
    current: LinkedIdentity
    history: tuple[PastLink, ...]


def create(desk: Desk, internal_token: SecretStr, *more: APIRouter) -> FastAPI:
    """The app, without probes."""
    app = FastAPI(title="Omnifil customer-profile", docs_url=None, redoc_url=None, telemetry=OWN_TELEMETRY)
    for routes in (_routes(desk), *more):
        app.include_router(routes, dependencies=[Depends(require_internal(internal_token))])
    problem.install(app, PROBLEMS)
    describe_problems(app)
    return app


def _routes(desk: Desk) -> APIRouter:
    api = APIRouter()

    @api.get("/customers")
    async def customers(
        ids: Annotated[str, Query(description="Customer ids, separated by commas.")],
    ) -> list[CustomerChanged]:
        return await desk.customers([each for each in ids.split(",") if each])

    @api.get("/customers/{customer_id}")
    async def customer(customer_id: str) -> CustomerChanged:
        return await desk.customer(customer_id)

    @api.get("/identities/{kind}/{value:path}")
    async def identity(kind: Kind, value: Handle) -> IdentityState:
        return _state(await desk.identity(Identity(kind=kind, value=value)))

    @api.post("/customers/{customer_id}/identities")
    async def link(customer_id: str, asked: LinkRequest, agent: Agent) -> CustomerChanged:
        return await desk.link(customer_id, asked.link, asked.command_id, agent)

    @api.post("/links/{link_id}/undo")
    async def undo(link_id: str, asked: UndoRequest, agent: Agent) -> CustomerChanged:
        return await desk.undo(link_id, asked.command_id, agent)

    @api.get("/customers/{customer_id}/merge-preview")
    async def merge_preview(
        customer_id: str, other: Annotated[str, Query(description="The customer who would go into this one.")]
    ) -> MergePreview:
        return await desk.merge_preview(customer_id, other)

    @api.post("/customers/{customer_id}/merge")
    async def merge(customer_id: str, asked: MergeCustomers, agent: Agent) -> CustomerChanged:
        return await desk.merge(customer_id, asked, agent)

    @api.post("/customers/{customer_id}/split")
    async def split(customer_id: str, asked: SplitCustomer, agent: Agent) -> CustomerChanged:
        return await desk.split(customer_id, asked, agent)

    @api.post("/merges/{merge_id}/undo")
    async def undo_merge(merge_id: str, asked: UndoRequest, agent: Agent) -> CustomerChanged:
        return await desk.undo_merge(merge_id, asked.command_id, agent)

    @api.post("/identities/shared")
    async def mark_shared(asked: MarkShared, agent: Agent) -> CustomerChanged:
        return await desk.mark_shared(asked, agent)

    return api


def _agent(
    x_omnifil_agent: Annotated[str, Header(min_length=1, max_length=200)],
    x_omnifil_agent_name: Annotated[str | None, Header(max_length=600)] = None,
) -> Actor:
    """Who asks, as the gateway has verified; the name is URL-encoded, for headers are ASCII."""
    name = unquote(x_omnifil_agent_name)[:200] if x_omnifil_agent_name else None
    return Actor(kind="agent", id=x_omnifil_agent, name=name)


Agent = Annotated[Actor, Depends(_agent)]


def _state(state: KnownIdentity) -> IdentityState:
    history = tuple(
        PastLink(
            customer_id=link.customer_id,
            undoes=link.undoes,
            link=LinkedIdentity(
                identity=state.identity,
                assurance=link.assurance,
                link_id=link.link_id,
                since=link.at,
                because=link.because,
                actor=link.actor,
            ),
        )
        for link in state.links
    )
    current = history[-1].link.model_copy(update={"assurance": state.assurance})
    return IdentityState(customer_id=state.customer_id, current=current, history=history)
