"""What all handles of a customer together are said to be: each source's newest word, beside those of the others."""

from collections.abc import Iterable, Sequence

from omnifil_contracts.identity import Identity
from omnifil_contracts.profile import Consent, Profile, SourcedRecord, SourcedValue

from customer_profile.domain.conflicts import MANY, ONE_EACH
from customer_profile.domain.facts import Facts, SaidRecord

RECORDS_SHOWN = 20
_ATTRIBUTES_SHOWN, _CONSENTS_SHOWN = 100, 100
PREFERRED_CHANNEL = "preferred-channel"


def profile_of(facts: Sequence[Facts], held: Sequence[Identity] = ()) -> Profile | None:
    """The profile; None when there is nothing to say. `held` are the handles that the customer has now, `facts` what
    is said of them. Two loyalty cards are two values, whether they are handles or somebody says so."""
    attributes, consents, records = _attributes(facts), _consents(facts), _records(facts)
    conflicts = _conflicts(attributes, held)
    if not (attributes or consents or records or conflicts):
        return None
    preferred = [each for each in attributes if each.name == PREFERRED_CHANNEL]
    return Profile(
        attributes=attributes,
        conflicts=conflicts,
        consents=consents,
        preferred_channel=preferred[0].value if preferred else None,
        records=records,
    )


def languages_of(facts: Sequence[Facts]) -> tuple[str, ...]:
    """The languages that sources say they speak, newest word first."""
    return tuple(dict.fromkeys(each.value for each in _attributes(facts) if each.name == "language"))


def _attributes(facts: Sequence[Facts]) -> tuple[SourcedValue, ...]:
    """One source may say two things of one customer, of two handles: both are shown."""
    found: dict[tuple[str, str, str], SourcedValue] = {}
    for said in (each for handle in facts for each in handle.attributes):
        if said.value is not None:
            value = SourcedValue(name=said.name, value=said.value, source=said.source, at=said.at)
            key = (said.name, said.source, said.value)
            if key not in found or found[key].at < value.at:
                found[key] = value
    newest = sorted(found.values(), key=lambda each: (each.at, each.name, each.source, each.value), reverse=True)
    return tuple(sorted(newest[:_ATTRIBUTES_SHOWN], key=lambda each: each.name))


def _conflicts(attributes: Iterable[SourcedValue], held: Iterable[Identity]) -> tuple[str, ...]:
    """Names with more than one value, sorted; case and spaces make no other value."""
    values: dict[str, set[str]] = {}
    said = [(each.name, each.value) for each in attributes]
    for name, value in (*said, *((each.kind, each.value) for each in held if each.kind in ONE_EACH)):
        compared = value.casefold().split()
        values.setdefault(name, set()).add(("" if name in ONE_EACH else " ").join(compared))
    return tuple(sorted(name for name, different in values.items() if len(different) > 1 and name not in MANY))


def _consents(facts: Sequence[Facts]) -> tuple[Consent, ...]:
    """Of each channel and purpose first the one that holds.

    Of one handle the newest word holds, whoever says it. Where that of any handle is an opt-out, it holds for the
    customer: whoever writes by another handle would not be forgiven for saying that they had not known.
    """
    ranked: list[tuple[tuple[str, str, bool, bool, float, str], Consent]] = []
    for handle in facts:
        decided: set[tuple[str, str]] = set()
        for said in sorted(handle.consents, key=lambda each: (each.at, not each.granted, each.source), reverse=True):
            pair = said.channel, said.purpose
            consent = Consent(
                channel=said.channel, purpose=said.purpose, granted=said.granted, source=said.source, at=said.at
            )
            outdated = pair in decided
            decided.add(pair)
            ranked.append(((*pair, outdated, said.granted, -said.at.timestamp(), said.source), consent))
    ranked.sort(key=lambda each: each[0])
    return tuple(dict.fromkeys(consent for _, consent in ranked))[:_CONSENTS_SHOWN]


def _records(facts: Sequence[Facts]) -> tuple[SourcedRecord, ...]:
    newest: dict[tuple[str, ...], SaidRecord] = {}
    for said in (each for handle in facts for each in handle.records):
        if said.about not in newest or said.stands_against(newest[said.about]):
            newest[said.about] = said
    shown = [
        SourcedRecord.model_validate({**said.record.model_dump(), "source": said.source})
        for said in newest.values()
        if not said.record.removed
    ]
    shown.sort(key=lambda each: (each.at, each.source, each.kind, each.record_id), reverse=True)
    return tuple(shown[:RECORDS_SHOWN])
