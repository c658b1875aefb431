"""What sources have said of the bearer of one handle. In whatever order they come, the same is known in the end."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Self, TypeVar

from omnifil_contracts.identity import Identity
from omnifil_contracts.profile import (
    ConsentUpdate,
    ExternalRecord,
    ExternalReference,
    ProfileUpdated,
    RelatedReferences,
)
from omnifil_contracts.record import Instant, Value

ATTRIBUTES_KEPT, CONSENTS_KEPT, RECORDS_KEPT, HANDLES_KEPT = 100, 100, 100, 30
RELATED_KEPT = 20
_REFERENCES_KEPT = 10


class _Said(Value):
    """Something that a source has said; of the same thing, what it says last stands."""

    source: str
    at: Instant
    update_id: str

    @property
    @abstractmethod
    def about(self) -> tuple[str, ...]:
        """What it is about, and who says it."""

    @property
    def stamp(self) -> tuple[datetime, str]:
        """What was said last has the greatest."""
        return self.at, self.update_id

    def stands_against(self, other: Self) -> bool:
        """Of two that are about the same thing the same one stands, whichever came first. One update that says two
        things at once is a mistake of its source: then what they say decides."""
        if self.stamp != other.stamp:
            return self.stamp > other.stamp
        return self.model_dump_json() > other.model_dump_json()


class SaidAttribute(_Said):
    """`value` None: it was taken back. It is kept, lest an older word that comes late stands again."""

    name: str
    value: str | None

    @property
    def about(self) -> tuple[str, ...]:
        return self.source, self.name


class SaidConsent(_Said):
    channel: str
    purpose: str
    granted: bool

    @property
    def about(self) -> tuple[str, ...]:
        return self.source, self.channel, self.purpose


class SaidRecord(_Said):
    record: ExternalRecord

    @property
    def about(self) -> tuple[str, ...]:
        return self.source, self.record.kind, self.record.record_id


class SaidSame(_Said):
    """The other handle is the same person's, the source says."""

    identity: Identity

    @property
    def about(self) -> tuple[str, ...]:
        return self.source, self.identity.key


class Facts(Value):
    """All of it, of one handle; each newest first. Bounded: what was said longest ago goes first."""

    attributes: tuple[SaidAttribute, ...] = ()
    consents: tuple[SaidConsent, ...] = ()
    records: tuple[SaidRecord, ...] = ()
    same: tuple[SaidSame, ...] = ()

    @property
    def newest_at(self) -> datetime | None:
        """When something was said last."""
        said = [*self.attributes[:1], *self.consents[:1], *self.records[:1], *self.same[:1]]
        return max((each.at for each in said), default=None)

    def newest(self, name: str) -> SaidAttribute | None:
        """The newest value of this attribute, whoever says it; none if the newest word was to take it back."""
        said = next((each for each in self.attributes if each.name == name), None)
        return said if said is not None and said.value is not None else None


NOTHING = Facts()


def heard(facts: Facts, update: ProfileUpdated) -> Facts:
    """What is known after this update; the same facts when it says nothing new, as it does when it comes again."""
    said = {"source": update.source, "at": update.occurred_at, "update_id": update.update_id}
    after = Facts(
        attributes=_newest(
            facts.attributes,
            [SaidAttribute(name=each.name, value=_kept(each.value), **said) for each in update.attributes],
            ATTRIBUTES_KEPT,
        ),
        consents=_newest(facts.consents, [_consent(each, said) for each in update.consents], CONSENTS_KEPT),
        records=_newest(facts.records, [SaidRecord(record=each, **said) for each in update.records], RECORDS_KEPT),
        same=_newest(facts.same, [SaidSame(identity=each, **said) for each in update.also], HANDLES_KEPT),
    )
    return facts if after == facts else after


def related(facts: Facts) -> tuple[tuple[datetime, RelatedReferences], ...]:
    """What the records put together, newest first, and when each happened. A record goes by its own id as well."""
    kept = sorted(
        (each.record for each in facts.records if not each.record.removed),
        key=lambda record: (record.at, record.kind, record.record_id),
        reverse=True,
    )
    groups = ((record.at, _references_of(record)) for record in kept)
    found = [(at, RelatedReferences(references=references)) for at, references in groups if len(references) > 1]
    return tuple(found[:RELATED_KEPT])


def newest_related(found: Iterable[tuple[datetime, RelatedReferences]]) -> tuple[RelatedReferences, ...]:
    """Of all handles of a customer together."""
    newest = sorted(found, key=lambda each: (each[0], each[1].model_dump_json()), reverse=True)
    return tuple(dict.fromkeys(group for _, group in newest))[:RELATED_KEPT]


def _references_of(record: ExternalRecord) -> tuple[ExternalReference, ...]:
    """Capital letters, as they are compared with what customers write."""
    own = [(record.kind, record.record_id), *((each.kind, each.number) for each in record.references)]
    numbers = dict.fromkeys((kind, number.strip().upper()[:100]) for kind, number in own)
    return tuple(ExternalReference(kind=kind, number=number) for kind, number in numbers if number)[:_REFERENCES_KEPT]


def _kept(value: str | None) -> str | None:
    """Nothing but space is nothing."""
    return value.strip() or None if value is not None else None


def _consent(update: ConsentUpdate, said: dict[str, object]) -> SaidConsent:
    return SaidConsent.model_validate({**said, **update.model_dump()})


_S = TypeVar("_S", bound=_Said)


def _newest(known: Sequence[_S], said: Iterable[_S], at_most: int) -> tuple[_S, ...]:
    """Of each thing the last word. What falls off the end was said before all that is kept, so that whoever comes
    late finds the same whatever came before it."""
    standing: dict[tuple[str, ...], _S] = {}
    for each in (*known, *said):
        before = standing.get(each.about)
        if before is None or each.stands_against(before):
            standing[each.about] = each
    return tuple(sorted(standing.values(), key=lambda each: (each.stamp, each.about), reverse=True)[:at_most])
