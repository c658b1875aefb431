"""Erasures by internal HTTP: begin one, see how far it is, and whom it would be about."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import unquote

from fastapi import APIRouter, Depends, Header
from omnifil_contracts.erasure import EraseCustomer, Erasure
from omnifil_contracts.identity import Actor
from omnifil_contracts.record import Value
from omnifil_servicekit.problem import Mapped, Problem

from customer_profile.erasing import CustomerMerged, ErasingDesk, ErasureNotFound

PROBLEMS: Mapping[type[Exception], Mapped] = {
    CustomerMerged: lambda error: Problem(
        409, "customer-merged", "The customer is part of another", str(error), customer_id=error.customer_id
    ),
    ErasureNotFound: (404, "erasure-not-found", "No such erasure"),
}


class WhoTheyAre(Value):
    """A customer with those who were merged into them, and the keys of their handles: what the other services need to
    find what is theirs. `as_written`: the keys of the same handles in other spellings that they came in."""

    customer_id: str
    customer_ids: tuple[str, ...]
    identities: tuple[str, ...]
    as_written: tuple[str, ...] = ()


def routes(desk: ErasingDesk) -> APIRouter:
    """They are under the internal token, like all of this service."""
    api = APIRouter()

    @api.get("/customers/{customer_id}/person")
    async def person(customer_id: str) -> WhoTheyAre:
        held = await desk.person(customer_id)
        return WhoTheyAre(
            customer_id=customer_id,
            customer_ids=held.customer_ids,
            identities=held.identities,
            as_written=held.as_written,
        )

    @api.post("/customers/{customer_id}/erase", status_code=202)
    async def erase(customer_id: str, asked: EraseCustomer, agent: Annotated[Actor, Depends(_agent)]) -> Erasure:
        return await desk.erase(customer_id, asked, agent)

    @api.get("/erasures/{erasure_id}")
    async def erasure(erasure_id: str) -> Erasure:
        return await desk.erasure(erasure_id)

    return api


def _agent(
    x_omnifil_agent: Annotated[str, Header(min_length=1, max_length=200)],
    x_omnifil_agent_name: Annotated[str | None, Header(max_length=600)] = None,
) -> Actor:
    name = unquote(x_omnifil_agent_name)[:200] if x_omnifil_agent_name else None
    return Actor(kind="agent", id=x_omnifil_agent, name=name)
