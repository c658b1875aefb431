"""Erasures of persons under way: the one small document of each, which every service that keeps something works off.

An erasure goes through steps; each is done by whoever holds what it is about, may be repeated whole, and is left behind
only when it is done. So a process may die in any of them: another goes on. What an erasure must know of the person to
find it everywhere (`person`) is forgotten with its last step.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from omnifil_servicekit.errors import Transient
from pymongo.errors import DuplicateKeyError

from .client import Mongo
from .driver import Document, ReturnDocument
from .failures import translate
from .indexes import Index, ensure_indexes

log = structlog.get_logger(__name__)

STEPS = ("identities", "drain", "timelines", "copies", "topics", "blobs", "done")
"""`drain`: what was recognised before is in the timelines. `copies`: what the channels keep of conversations."""

_INDEXES = (Index("orders", ["step", "requested_at"], partial={"open": True}, name="open"),)
_HELD = timedelta(seconds=6)
_LOOK_S = 1.0


@dataclass(frozen=True)
class Person:
    """How somebody is found wherever something of them is kept."""

    identities: tuple[str, ...] = ()
    """Keys (`kind:value`) of their handles."""
    as_written: tuple[str, ...] = ()
    """Keys of the same handles in other spellings, as messages and dead letters have them."""
    conversations: tuple[str, ...] = ()
    """Ids of conversations in which only they wrote."""
    outbound: tuple[str, ...] = ()
    """Ids of replies that went to them."""
    messages: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    """Hashes of their files."""

    @property
    def handles(self) -> tuple[str, ...]:
        """Keys of their handles in every spelling."""
        return (*self.identities, *self.as_written)

    def values(self, kind: str) -> tuple[str, ...]:
        """Their handles of one kind."""
        return tuple(key.partition(":")[2] for key in self.identities if key.partition(":")[0] == kind)


@dataclass(frozen=True)
class Order:
    """An erasure. `ends`: of each topic and partition the offset behind the last record that may hold something."""

    erasure_id: str
    customer_id: str
    customer_ids: tuple[str, ...]
    step: str
    reason: str
    requested_by: Mapping[str, Any]
    requested_at: datetime
    person: Person = Person()
    ends: tuple[tuple[str, int, int], ...] = ()
    left: tuple[str, ...] = ()
    """Who has done their part of this step."""
    waits_for: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    entered_at: datetime | None = None
    """When this step began."""
    finished_at: datetime | None = None


class Erasures:
    """Database `<prefix>_erasures`. Every method raises `Transient`."""

    def __init__(self, mongo: Mongo) -> None:
        self._database = mongo.database("erasures")
        self._orders = self._database["orders"]
        self._holders = self._database["holders"]

    async def prepare(self) -> None:
        await ensure_indexes(self._database, _INDEXES)

    async def join(self, holder: str) -> None:
        """From now on no erasure is done before this service has done its part."""
        with translate():
            await self._holders.update_one({"_id": holder}, {"$set": {"joined": True}}, upsert=True)

    async def holders(self) -> frozenset[str]:
        with translate():
            return frozenset([each["_id"] async for each in self._holders.find({})])

    async def place(self, order: Order) -> Order:
        """Begin it; the same id again is the erasure that there is."""
        document: Document = {
            "_id": order.erasure_id,
            "customer_id": order.customer_id,
            "customer_ids": list(order.customer_ids),
            "step": order.step,
            "open": True,
            "reason": order.reason,
            "requested_by": dict(order.requested_by),
            "requested_at": order.requested_at,
            "entered_at": order.requested_at,
        }
        try:
            with translate():
                await self._orders.insert_one(document)
        except DuplicateKeyError:
            pass  # sent again
        return await self.get(order.erasure_id) or order

    async def get(self, erasure_id: str) -> Order | None:
        with translate():
            found = await self._orders.find_one({"_id": erasure_id})
        return _order(found) if found else None

    async def open(self, step: str) -> list[Order]:
        """Those that are in this step, oldest first."""
        with translate():
            found = await self._orders.find({"open": True, "step": step}).sort("requested_at", 1).to_list(None)
        return [_order(each) for each in found]

    async def take(self, step: str, worker: str) -> Order | None:
        """The oldest in this step that nobody else works on just now; it is the worker's, while it lives."""
        now = datetime.now(UTC)
        free: list[Document] = [{f"held.{worker}": {"$lt": now}}, {f"held.{worker}": None}]
        wanted = {"open": True, "step": step, "left": {"$ne": worker}, "$or": free}
        with translate():
            found = await self._orders.find_one_and_update(
                wanted,
                {"$set": {f"held.{worker}": now + _HELD}},
                sort=[("requested_at", 1)],
                return_document=ReturnDocument.AFTER,
            )
        return _order(found) if found else None

    async def hold(self, order: Order, worker: str) -> None:
        with translate():
            until = datetime.now(UTC) + _HELD
            await self._orders.update_one({"_id": order.erasure_id}, {"$set": {f"held.{worker}": until}})

    async def release(self, order: Order, worker: str, waits_for: Sequence[str]) -> None:
        """Not done yet: look again soon. `waits_for` says for what."""
        with translate():
            await self._orders.update_one(
                {"_id": order.erasure_id, "step": order.step},
                {"$set": {"waits_for": list(waits_for)}, "$unset": {f"held.{worker}": ""}},
            )

    async def learn(self, order: Order, **found: Sequence[str]) -> None:
        """What else there is of the person, by fields of `Person`."""
        with translate():
            await self._orders.update_one(
                {"_id": order.erasure_id},
                {"$addToSet": {f"person.{name}": {"$each": list(values)} for name, values in found.items()}},
            )

    async def note(self, order: Order, values: Mapping[str, Any]) -> None:
        """Set `customer_ids`, `ends` or `counts.<kind>`, for this step to go by when it is repeated."""
        with translate():
            await self._orders.update_one({"_id": order.erasure_id, "step": order.step}, {"$set": dict(values)})

    async def leave(self, order: Order, worker: str, counts: Mapping[str, int]) -> None:
        """This worker has done its part of the step."""
        with translate():
            await self._orders.update_one(
                {"_id": order.erasure_id, "step": order.step, "left": {"$ne": worker}},
                {"$addToSet": {"left": worker}, "$set": {f"counts.{kind}": n for kind, n in counts.items()}}
                if counts
                else {"$addToSet": {"left": worker}},
            )

    async def advance(self, order: Order, counts: Mapping[str, int] = {}) -> None:
        """To the next step. With the last one the person is forgotten."""
        following = STEPS[STEPS.index(order.step) + 1]
        now = datetime.now(UTC)
        change: Document = {
            "$set": {"step": following, "entered_at": now, "waits_for": [], "left": []}
            | {f"counts.{kind}": number for kind, number in counts.items()},
            "$unset": {"held": "", "ends": ""},
        }
        if following == STEPS[-1]:
            change["$set"] |= {"open": False, "finished_at": now}
            change["$unset"] |= {"person": ""}
        with translate():
            await self._orders.update_one({"_id": order.erasure_id, "step": order.step}, change)
        log.info("erasure_step_done", erasure=order.erasure_id, step=order.step, **counts)


class NotYet(Exception):
    """The step cannot be done now; `waits_for` says for whom or what."""

    def __init__(self, *waits_for: str) -> None:
        super().__init__(", ".join(waits_for))
        self.waits_for = waits_for


Work = Callable[[Order], Awaitable[Mapping[str, int]]]
"""Does a step of an order, or a service's part of it; how much went, by kind. Raises `NotYet`, `Transient`."""


class ErasureWork:
    """A loop that does what is this service's in every erasure. `steps`: by step. In `copies` several have a part each,
    and `holder` is this one's name; who `gathers` goes on when all have done it. Every other step is one service's."""

    def __init__(
        self,
        erasures: Erasures,
        holder: str,
        steps: Mapping[str, Work],
        *,
        gathers: bool = False,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._erasures = erasures
        self._holder = holder
        self._steps = steps
        self._gathers = gathers
        self._beat = beat

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. What goes wrong in an erasure is said in its document and tried again; nothing else stops."""
        joined = False
        while not stop.is_set():
            self._beat()
            try:
                if not joined:
                    await self._erasures.prepare()
                    if "copies" in self._steps:
                        await self._erasures.join(self._holder)
                    joined = True
                for step, work in self._steps.items():
                    if (order := await self._erasures.take(step, self._holder)) is not None:
                        await self._do(order, work)
                if self._gathers:
                    await self._gather()
            except Transient as error:
                log.warning("erasing_waits", error=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_S)

    async def _gather(self) -> None:
        for order in await self._erasures.open("copies"):
            if missing := await self._erasures.holders() - set(order.left):
                await self._erasures.release(order, self._holder, sorted(missing))
            else:
                await self._erasures.advance(order)

    async def _do(self, order: Order, work: Work) -> None:
        holding = asyncio.create_task(self._hold(order))
        try:
            counts = await work(order)
        except NotYet as reason:
            await self._erasures.release(order, self._holder, reason.waits_for)
            return
        except Transient:
            await self._erasures.release(order, self._holder, [self._holder])
            raise
        except Exception as error:
            # One person's erasure that cannot be done must not end the process that everybody's messages go through.
            log.exception("erasure_stuck", erasure=order.erasure_id, step=order.step)
            await self._erasures.release(order, self._holder, [f"{self._holder}: {type(error).__name__}"])
            return
        finally:
            holding.cancel()
        if order.step == "copies":
            await self._erasures.leave(order, self._holder, counts)
        else:
            await self._erasures.advance(order, counts)

    async def _hold(self, order: Order) -> None:
        while True:
            await asyncio.sleep(_HELD.total_seconds() / 3)
            self._beat()
            with suppress(Transient):
                await self._erasures.hold(order, self._holder)


def _order(document: Document) -> Order:
    person = document.get("person", {})
    return Order(
        erasure_id=document["_id"],
        customer_id=document["customer_id"],
        customer_ids=tuple(document["customer_ids"]),
        step=document["step"],
        reason=document["reason"],
        requested_by=document["requested_by"],
        requested_at=document["requested_at"],
        person=Person(**{name: tuple(values) for name, values in person.items()}),
        ends=tuple((topic, int(partition), int(end)) for topic, partition, end in document.get("ends", ())),
        left=tuple(document.get("left", ())),
        waits_for=tuple(document.get("waits_for", ())),
        counts=document.get("counts", {}),
        entered_at=document.get("entered_at"),
        finished_at=document.get("finished_at"),
    )
