"""What happens to the connections of one link."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from chaos_field.disturbance import Disturbance
from chaos_field.doors import Doors


@dataclass(frozen=True)
class Link:
    """The connections of one client to some doors."""

    name: str
    client: str
    doors: tuple[str, ...]

    @property
    def group(self) -> str:
        """One link suffers one thing at a time."""
        return f"link:{self.name}"


class LinkFault:
    """Holds for `hold_s`; `reset` resets the present connections at the beginning."""

    def __init__(self, kind: str, link: Link, doors: Doors, how: Disturbance, hold_s: float, *, reset: bool) -> None:
        self.kind = kind
        self.target = f"link:{link.name}"
        self.group = link.group
        self.how = how
        self.hold_s = hold_s
        self._link = link
        self._doors = doors
        self._reset = reset

    async def strike(self) -> None:
        for door in self._link.doors:
            await self._doors.disturb(door, self._link.client, self.how)
            if self._reset:
                await self._doors.reset(door, self._link.client)
        await asyncio.sleep(self.hold_s)

    async def heal(self) -> None:
        for door in self._link.doors:
            await self._doors.calm(door, self._link.client)


class HalfOpen:
    """The server's end of the present connections is gone and the client is not told; new ones work.

    As after a failover of a firewall. When it is over, the client's ends are reset.
    """

    kind = "half-open"

    def __init__(self, link: Link, doors: Doors, hold_s: float) -> None:
        self.target = f"link:{link.name}"
        self.group = link.group
        self.hold_s = hold_s
        self._link = link
        self._doors = doors

    async def strike(self) -> None:
        for door in self._link.doors:
            await self._doors.forget(door, self._link.client)
        await asyncio.sleep(self.hold_s)

    async def heal(self) -> None:
        for door in self._link.doors:
            await self._doors.end_forgotten(door, self._link.client)


def cut(link: Link, doors: Doors, random: Random) -> LinkFault:
    """Connections are reset, and new ones too for a while."""
    return LinkFault("cut", link, doors, Disturbance(refused=True), random.uniform(0.2, 5), reset=True)


def refuse(link: Link, doors: Doors, random: Random) -> LinkFault:
    """New connections are reset; those that are there go on."""
    return LinkFault("refuse", link, doors, Disturbance(refused=True), random.uniform(2, 8), reset=False)


def blackhole(link: Link, doors: Doors, random: Random) -> LinkFault:
    """Connections are accepted and nothing passes."""
    return LinkFault("blackhole", link, doors, Disturbance(held=True), random.uniform(1, 12), reset=False)


def slow(link: Link, doors: Doors, random: Random) -> LinkFault:
    """Late, or narrow, or both."""
    latency_ms = random.uniform(20, 300)
    how = Disturbance(
        latency_ms=latency_ms,
        jitter_ms=random.uniform(0, latency_ms),
        bytes_per_s=random.choice([None, random.uniform(30_000, 500_000)]),
    )
    return LinkFault("slow", link, doors, how, random.uniform(3, 10), reset=False)


def half_open(link: Link, doors: Doors, random: Random) -> HalfOpen:
    """The other end of the present connections is gone."""
    return HalfOpen(link, doors, random.uniform(2, 10))


LINK_FAULTS: dict[str, Callable[[Link, Doors, Random], LinkFault | HalfOpen]] = {
    "cut": cut,
    "slow": slow,
    "blackhole": blackhole,
    "refuse": refuse,
    "half-open": half_open,
}
