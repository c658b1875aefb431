"""What agents do to customers and their handles: link, merge, part, mark as shared, and take it back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from omnifil_contracts.customer import (
    CommandId,
    CustomerChanged,
    LinkIdentity,
    MarkShared,
    MergeCustomers,
    MergePreview,
    SplitCustomer,
)
from omnifil_contracts.identity import Actor
from pydantic import BaseModel

from agent_gateway.entrypoints.agents import Doorkeeper
from agent_gateway.ports import Answer, Cases, Profiles

Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$", max_length=64)]


class LinkRequest(BaseModel):
    """Sent again with the same id, it takes effect once."""

    command_id: CommandId
    link: LinkIdentity


class UndoMergeRequest(BaseModel):
    command_id: CommandId


def router(*, profiles: Profiles, cases: Cases, doorkeeper: Doorkeeper) -> APIRouter:
    """The routes. customer-profile decides; its answers are passed on as they are, refusals too."""
    api = APIRouter(prefix="/api/v1")
    SignedIn = Annotated[Actor, Depends(doorkeeper.dependency())]  # a type

    @api.post("/customers/{customer_id}/identities", response_model=CustomerChanged)
    async def link(customer_id: Id, body: LinkRequest, agent: SignedIn) -> Response:
        return await _asked(profiles, f"/customers/{customer_id}/identities", body, agent)

    @api.post("/customers/{customer_id}/merge", response_model=CustomerChanged)
    async def merge(customer_id: Id, body: MergeCustomers, agent: SignedIn) -> Response:
        return await _asked(profiles, f"/customers/{customer_id}/merge", body, agent)

    @api.get("/customers/{customer_id}/merge-preview")
    async def merge_preview(
        customer_id: Id, other: Annotated[str, Query(pattern=r"^[A-Za-z0-9-]{1,64}$")], _agent: SignedIn
    ) -> MergePreview:
        """What a merge would put together, and how many dossiers of the other would change hands."""
        preview = await profiles.merge_preview(customer_id, other)
        return preview.model_copy(update={"dossiers": len(await cases.dossiers_of(other))})

    @api.post("/customers/{customer_id}/split", response_model=CustomerChanged)
    async def split(customer_id: Id, body: SplitCustomer, agent: SignedIn) -> Response:
        return await _asked(profiles, f"/customers/{customer_id}/split", body, agent)

    @api.post("/merges/{merge_id}/undo", response_model=CustomerChanged)
    async def undo_merge(merge_id: Id, body: UndoMergeRequest, agent: SignedIn) -> Response:
        return await _asked(profiles, f"/merges/{merge_id}/undo", body, agent)

    @api.post("/identities/shared", response_model=CustomerChanged)
    async def mark_shared(body: MarkShared, agent: SignedIn) -> Response:
        return await _asked(profiles, "/identities/shared", body, agent)

    return api


async def _asked(profiles: Profiles, path: str, body: BaseModel, agent: Actor) -> Response:
    answer: Answer = await profiles.command(path, body.model_dump_json().encode(), agent)
    return Response(answer.body, answer.status, media_type=answer.content_type)
