"""What case-service does in erasures and exports of persons: its steps of the orders, and two questions by HTTP."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from omnifil_contracts.identity import Actor
from omnifil_mongostore import BlobStore
from omnifil_mongostore.erasures import Erasures, NotYet, Order, Work
from pydantic import BaseModel, Field

from case_service.domain.erasing import Cleared, Sought
from case_service.handlers.erasing import Erasing, Holding, Originals


class PersonRequest(BaseModel):
    """Whom a question is about. In a body, for addresses of requests are logged."""

    customer_ids: tuple[str, ...] = Field(min_length=1, max_length=1000)
    identities: tuple[str, ...] = Field(
        (), max_length=10_000, description="Keys (`kind:value`) of their handles, in every spelling."
    )

    def sought(self) -> Sought:
        return Sought(frozenset(self.customer_ids), frozenset(self.identities))


class Parts:
    """The steps `timelines` and `blobs`."""

    def __init__(self, erasures: Erasures, erasing: Erasing, originals: Originals, blobs: BlobStore) -> None:
        self._erasures = erasures
        self._erasing = erasing
        self._originals = originals
        self._blobs = blobs

    def steps(self) -> Mapping[str, Work]:
        return {"timelines": self.timelines, "blobs": self.blobs}

    async def timelines(self, order: Order) -> Mapping[str, int]:
        """Empty the dossiers, and wait until the relay has told everybody."""
        sought = Sought(frozenset(order.customer_ids), frozenset(order.person.handles))
        emptied = {kind: order.counts.get(kind, 0) for kind in ("dossiers", "entries")}

        async def learnt(cleared: Cleared) -> None:
            await self._erasures.learn(
                order,
                conversations=sorted(cleared.conversations),
                outbound=sorted(cleared.outbound),
                messages=sorted(cleared.messages),
                blobs=sorted(cleared.blobs),
            )
            if cleared.entries:
                emptied["dossiers"] += 1
                emptied["entries"] += len(cleared.entries)

        ends = await self._erasing.erase(order.erasure_id, sought, Actor.model_validate(order.requested_by), learnt)
        await self._erasures.note(order, {f"counts.{kind}": number for kind, number in emptied.items()})
        if not await self._erasing.carried(ends):
            raise NotYet("case-service relay")
        return emptied

    async def blobs(self, order: Order) -> Mapping[str, int]:
        """Delete the files that nobody else's message refers to."""
        theirs = frozenset(order.person.blobs)
        others = await self._originals.referred_to(theirs)
        gone = [await self._blobs.delete(sha256) for sha256 in sorted(theirs - others)]
        return {"files": order.counts.get("files", 0) + sum(gone), "files_of_others_kept": len(others)}


def router(erasing: Erasing) -> APIRouter:
    """What is held of a person, for an export and for a look at what an erasure would take."""
    routes = APIRouter()

    @routes.post("/persons/holdings")
    async def holdings(person: PersonRequest) -> list[Holding]:
        return await erasing.holdings(person.sought())

    @routes.post("/persons/count")
    async def count(person: PersonRequest) -> dict[str, Any]:
        return dict(await erasing.count(person.sought()))

    return routes
