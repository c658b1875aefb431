"""TXT records: from the real DNS, or from a file for the demo and the tests."""

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any, Protocol

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
import dns.zonefile

from ingest_email.ports import DnsUnavailable

_CACHE_MIN_S = 60.0
_CACHE_NAMES = 10_000


class _Resolver(Protocol):
    async def txt(self, name: str) -> tuple[str, ...]: ...


class ZoneFile:
    """The records of a master file (RFC 1035 §5), read again when it has changed; a name that is not in it has none.

    Raises `ZoneUnreadable` when it is made; a file that goes bad later leaves what was read before.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = 0
        self._records: dict[str, tuple[str, ...]] = {}
        self._read()

    async def txt(self, name: str) -> tuple[str, ...]:
        with contextlib.suppress(ZoneUnreadable):
            self._read()
        return self._records.get(name.lower().rstrip("."), ())

    def _read(self) -> None:
        path = self._path
        try:
            changed_at = path.stat().st_mtime_ns
            if changed_at == self._read_at:
                return
            rrsets = dns.zonefile.read_rrsets(path.read_text(encoding="utf-8"), default_ttl=300, rdclass=None)
        except (OSError, UnicodeError, ValueError, dns.exception.DNSException) as error:
            raise ZoneUnreadable(f"The zone file {path} cannot be read: {error or type(error).__name__}.") from error
        self._read_at = changed_at
        self._records = {
            rrset.name.to_text(omit_final_dot=True).lower(): tuple(_text(each) for each in rrset)
            for rrset in rrsets
            if rrset.rdtype == dns.rdatatype.TXT
        }


class ZoneUnreadable(Exception):
    """The zone file is not there or no master file."""


class RealDns:
    """The resolvers of the system, within a time limit."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def txt(self, name: str) -> tuple[str, ...]:
        try:
            if self._resolver is None:
                self._resolver = dns.asyncresolver.Resolver()
                self._resolver.cache = dns.resolver.LRUCache(_CACHE_NAMES)  # keeps to the records' own TTL
            answer = await self._resolver.resolve(name, "TXT", lifetime=self._timeout_s, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            raise DnsUnavailable(f"DNS did not answer ({type(error).__name__}).") from error
        return tuple(_text(each) for each in answer)


class PatientDns:
    """Asks again, with growing pauses, before it says that DNS is unavailable; for a minute then only once a mail."""

    def __init__(self, resolver: _Resolver, *, attempts: int, first_pause_s: float = 0.5) -> None:
        self._resolver = resolver
        self._attempts = attempts
        self._pause_s = first_pause_s
        self._failed: dict[str, float] = {}

    async def txt(self, name: str) -> tuple[str, ...]:
        if self._failed.get(name, 0) > time.monotonic():
            return await self._resolver.txt(name)
        for attempt in range(self._attempts - 1):
            try:
                return await self._resolver.txt(name)
            except DnsUnavailable:
                await asyncio.sleep(self._pause_s * 2**attempt)
        try:
            return await self._resolver.txt(name)
        except DnsUnavailable:
            self._remember(name)
            raise

    def _remember(self, name: str) -> None:
        """A domain whose DNS is down must not hold every mail of a mailbox for all the attempts."""
        if len(self._failed) >= _CACHE_NAMES:
            self._failed.clear()
        self._failed[name] = time.monotonic() + _CACHE_MIN_S


def _text(record: Any) -> str:
    """Of a TXT record; dnspython types the members of an answer as records of any kind."""
    return b"".join(record.strings).decode("utf-8", "replace")
