"""Identify, correlate and project, one batch at a time, on a real mongod and without Kafka: what each costs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from case_service.adapters.documents import DATABASE as CASES
from case_service.adapters.documents import INDEXES as CASE_INDEXES
from case_service.adapters.mongo_dossiers import MongoDossiers
from case_service.adapters.mongo_timeline import MongoTimeline
from case_service.domain.decisions import Append, Group
from case_service.domain.policy import Policy
from case_service.domain.tokens import Minting
from case_service.handlers import Messages
from case_service.handlers.relaying import Relaying
from case_service.ports import Lost
from customer_profile.adapters.mongo_identities import DATABASE as CUSTOMERS
from customer_profile.adapters.mongo_identities import INDEXES as CUSTOMER_INDEXES
from customer_profile.adapters.mongo_identities import MongoIdentities
from customer_profile.handlers import Recogniser, Rules
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.message import IdentifiedMessage, InboundMessage
from omnifil_mongostore import Mongo, ensure_indexes

POLICY = Policy()
MINTING = Minting((b"bench",))
STAGES = ("identify", "correlate", "project")


@dataclass(frozen=True)
class Cost:
    """Of one batch: CPU seconds of this process and of mongod, and how long it took."""

    service_s: float
    mongod_s: float
    wall_s: float

    @property
    def cpu_s(self) -> float:
        return self.service_s + self.mongod_s


class Meter:
    """Reads the clocks; mongod's is that of its process, in nanoseconds."""

    def __init__(self, mongod_pid: int) -> None:
        # As clock_getcpuclockid(3) makes it: Linux, <linux/posix-timers.h>, CPUCLOCK_SCHED.
        self._mongod = (~mongod_pid << 3) | 2

    def now(self) -> tuple[float, float, float]:
        return time.process_time(), time.clock_gettime(self._mongod), time.perf_counter()

    def since(self, before: tuple[float, float, float]) -> Cost:
        return Cost(*(now - then for now, then in zip(self.now(), before, strict=True)))


class _Unheard:
    """Announcements and publications that nobody hears: what they cost is in `make bench`, and does not grow."""

    async def identified(self, messages: Sequence[IdentifiedMessage]) -> None:
        return

    async def customers(self, states: Sequence[CustomerChanged]) -> None:
        return

    async def publish(self, appends: Sequence[Append]) -> Mapping[int, int]:
        return {}

    async def ends(self) -> Mapping[int, int]:
        return {}


class _Noting(MongoTimeline):
    """The timeline, and what was appended: the relay gets it at once."""

    def __init__(self, mongo: Mongo) -> None:
        super().__init__(mongo)
        self.appended: list[Append] = []

    async def append(self, groups: Sequence[Group]) -> dict[int, Lost]:
        lost = await super().append(groups)
        self.appended += [append for index, group in enumerate(groups) if index not in lost for append in group.appends]
        return lost


async def prepare(mongo: Mongo) -> None:
    """Collections and indexes as the services make them."""
    await ensure_indexes(mongo.database(CUSTOMERS), CUSTOMER_INDEXES)
    await ensure_indexes(mongo.database(CASES), CASE_INDEXES)


@dataclass
class Stages:
    """Both services' use cases in this process. New ones remember nothing, like a process that has just started."""

    mongo: Mongo
    _unheard: _Unheard = field(default_factory=_Unheard)

    def __post_init__(self) -> None:
        self._timeline = _Noting(self.mongo)
        self._recogniser = Recogniser(MongoIdentities(self.mongo), self._unheard, Rules())
        self._messages = Messages(self._timeline, POLICY, MINTING, lambda: datetime.now(UTC))
        self._relaying = Relaying(self._timeline, MongoDossiers(self.mongo), self._unheard, POLICY.patterns)

    async def identify(self, batch: Sequence[InboundMessage]) -> list[IdentifiedMessage]:
        return await self._recogniser.recognise(batch)

    async def correlate(self, batch: Sequence[IdentifiedMessage]) -> list[Append]:
        """What was appended."""
        self._timeline.appended = []
        await self._messages.link(batch)
        return self._timeline.appended

    async def project(self, appends: Sequence[Append]) -> None:
        await self._relaying.project(appends)

    async def carry(self, batch: Sequence[InboundMessage], meter: Meter) -> dict[str, Cost]:
        """The whole way; what each stage cost."""
        costs: dict[str, Cost] = {}
        before = meter.now()
        identified = await self.identify(batch)
        costs["identify"], before = meter.since(before), meter.now()
        appends = await self.correlate(identified)
        costs["correlate"], before = meter.since(before), meter.now()
        await self.project(appends)
        costs["project"] = meter.since(before)
        return costs
