"""A person's right to what we hold of them, below `/api/v1`: for agents with a role of their own."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import StreamingResponse
from omnifil_contracts.erasure import EraseCustomer, Erasure
from omnifil_contracts.identity import Actor

from agent_gateway.entrypoints.agents import Doorkeeper
from agent_gateway.persons import PersonDesk, read_all
from agent_gateway.ports import Answer


def _path(pattern: str) -> Any:
    return Path(pattern=pattern, max_length=64)


def router(desk: PersonDesk, doorkeeper: Doorkeeper, role: str) -> APIRouter:
    api = APIRouter(prefix="/api/v1")
    Permitted = Annotated[Actor, Depends(doorkeeper.dependency(role))]  # a type
    CustomerId = Annotated[str, _path(r"^[A-Za-z0-9-]{1,64}$")]
    ErasureId = Annotated[str, _path(r"^[A-Za-z0-9_-]{8,64}$")]

    @api.get("/customers/{customer_id}/export")
    async def export(customer_id: CustomerId, agent: Permitted) -> StreamingResponse:
        """Everything about a person as a ZIP of JSON and files; nothing that others wrote."""
        spool = await desk.export(customer_id, agent)
        disposition = f'attachment; filename="customer-{customer_id}.zip"'
        headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
        return StreamingResponse(read_all(spool), media_type="application/zip", headers=headers)

    @api.post("/customers/{customer_id}/erase", response_model=Erasure, status_code=202)
    async def erase(customer_id: CustomerId, asked: EraseCustomer, agent: Permitted) -> Response:
        """202: it has begun, and goes on by itself. With `dry_run` 200: what would go."""
        return _passed_on(await desk.erase(customer_id, asked, agent))

    @api.get("/erasures/{erasure_id}", response_model=Erasure)
    async def erasure(erasure_id: ErasureId, _agent: Permitted) -> Response:
        """How far it is."""
        return _passed_on(await desk.erasure(erasure_id))

    return api


def _passed_on(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.content_type)
