"""Everything about a person, for the person: shown whole, or erased."""

import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import datetime
from typing import IO, Any, Protocol

import structlog
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.erasure import EraseCustomer, Erasure
from omnifil_contracts.identity import Actor, Because, Evidence
from pydantic_core import to_json

from agent_gateway.ports import Answer, FileMissing, Files

log = structlog.get_logger(__name__)

_IN_MEMORY_BYTES = 5_000_000
_NAMES_OF_OTHERS = "different-names"
_READ_BYTES = 256 * 1024
Json = dict[str, Any]


class Persons(Protocol):
    """What the services know of persons. Every method raises `Transient` and `Refused`."""

    async def person(self, customer_id: str) -> Json:
        """`customer_id`, `customer_ids` (with those merged into them), `identities` (keys)."""
        ...

    async def state(self, customer_id: str) -> CustomerChanged: ...

    async def holdings(self, person: Json) -> list[Json]:
        """By dossier, its view and the entries that are about the person; nothing of others."""
        ...

    async def count(self, person: Json) -> dict[str, int]:
        """How much an erasure would empty."""
        ...

    async def erase(self, customer_id: str, asked: EraseCustomer, agent: Actor) -> Answer: ...

    async def erasure(self, erasure_id: str) -> Answer: ...


class PersonDesk:
    """For agents who may."""

    def __init__(self, persons: Persons, files: Files, clock: Callable[[], datetime]) -> None:
        self._persons = persons
        self._files = files
        self._clock = clock

    async def export(self, customer_id: str, agent: Actor) -> IO[bytes]:
        """A ZIP: `customer.json`, `messages.json` to be read, `dossiers.json` with every entry whole, `files/` and
        `originals/`. On disk from 5 MB on; whoever gets it closes it."""
        person = await self._persons.person(customer_id)
        state = _own(await self._persons.state(customer_id))
        holdings = await self._persons.holdings(person)
        spool: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 the caller closes it
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
            # The state has their handles with all that is known of each; here only who else they were.
            former = {"customer_ids": person["customer_ids"]}
            archive.writestr("customer.json", _pretty({**state.model_dump(mode="json"), **former}))
            archive.writestr("dossiers.json", _pretty(holdings))
            archive.writestr("messages.json", _pretty(list(_messages(holdings))))
            missing = [name for name, sha256 in _files(holdings).items() if not await self._add(archive, name, sha256)]
            about = {"customer_id": customer_id, "exported_at": self._clock().isoformat(), "missing_files": missing}
            archive.writestr("about.json", _pretty(about))
        log.info("customer_exported", customer=customer_id, agent=agent.id, dossiers=len(holdings))
        spool.seek(0)
        return spool

    async def erase(self, customer_id: str, asked: EraseCustomer, agent: Actor) -> Answer:
        if not asked.dry_run:
            answer = await self._persons.erase(customer_id, asked, agent)
            log.info("erasure_requested", customer=customer_id, agent=agent.id, erasure=asked.command_id)
            return answer
        person = await self._persons.person(customer_id)
        counts = {"identities": len(person["identities"]), **await self._persons.count(person)}
        planned = Erasure(
            erasure_id=asked.command_id,
            customer_id=customer_id,
            customer_ids=tuple(person["customer_ids"]),
            state="planned",
            reason=asked.reason,
            requested_by=agent,
            requested_at=self._clock(),
            counts=counts,
        )
        return Answer(200, planned.model_dump_json().encode(), "application/json")

    async def erasure(self, erasure_id: str) -> Answer:
        return await self._persons.erasure(erasure_id)

    async def _add(self, archive: zipfile.ZipFile, name: str, sha256: str) -> bool:
        """Whether the file is still there."""
        try:
            _, content = await self._files.open(sha256)
        except FileMissing:
            return False
        with archive.open(name, "w") as out:
            async for chunk in content:
                out.write(chunk)
        return True


def _own(state: CustomerChanged) -> CustomerChanged:
    """Without what is somebody else's now, and without whose names came with a handle that several persons use."""
    identities = tuple(
        each.model_copy(
            update={
                "because": _without_names(each.because),
                "shared_because": _without_names(each.shared_because) if each.shared_because else None,
            }
        )
        for each in state.identities
    )
    return state.model_copy(update={"released": (), "identities": identities})


def _without_names(because: Because) -> Because:
    return because.model_copy(
        update={
            "evidence": tuple(
                Evidence(code=each.code) if each.code == _NAMES_OF_OTHERS else each for each in because.evidence
            )
        }
    )


async def read_all(spool: IO[bytes]) -> AsyncIterator[bytes]:
    """The file in pieces; closed at the end."""
    try:
        while chunk := spool.read(_READ_BYTES):
            yield chunk
    finally:
        spool.close()


def _said(holdings: list[Json]) -> Iterator[tuple[Json, Json, Json]]:
    """Dossier, entry, and what was said with it: a message, or a reply."""
    for holding in holdings:
        for entry in holding["entries"]:
            event = entry["event"]
            said = event.get("message") or event.get("reply") or (event if "reply_id" in event else None)
            if isinstance(said, dict) and "text" in said:
                yield holding["dossier"], entry, said


def _messages(holdings: list[Json]) -> Iterator[Json]:
    """Oldest first inside each dossier, as a person reads them."""
    for dossier, entry, said in _said(holdings):
        yield {
            "dossier": dossier["number"],
            "at": entry["occurred_at"],
            "from": "you" if said.get("direction") == "inbound" else "us",
            "channel": said.get("channel") or said["targets"][0]["conversation"]["channel"],
            "subject": said.get("subject"),
            "text": said["text"],
            "files": [each["filename"] for each in said.get("attachments", ())],
        }


def _files(holdings: list[Json]) -> Mapping[str, str]:
    """Name in the archive → hash. One content under two names is there twice, as it was sent."""
    found: dict[str, str] = {}
    for _, _, said in _said(holdings):
        for each in said.get("attachments", ()):
            found[f"files/{each['sha256'][:12]}-{_plain(each['filename'])}"] = each["sha256"]
        if (raw := said.get("raw")) is not None:
            found[f"originals/{raw['sha256'][:12]}-{_plain(raw['filename'])}"] = raw["sha256"]
    return found


def _plain(filename: str) -> str:
    """No path, whatever a stranger called the file."""
    return "".join(each if each.isprintable() and each not in '/\\:*?"<>|' else "_" for each in filename)[:150]


def _pretty(value: Any) -> bytes:
    return json.dumps(json.loads(to_json(value)), indent=2, ensure_ascii=False).encode()
