"""An identity as MongoDB keeps it: one document, with everybody whose it ever was listed for the index."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from omnifil_contracts.identity import Actor, Assurance, Because, Evidence, Identity
from omnifil_contracts.profile import RelatedReferences
from omnifil_mongostore import Document

from customer_profile.domain import names
from customer_profile.domain.facts import Facts, related
from customer_profile.domain.identities import AGENT, Assured, Company, KnownIdentity, Link, Outline


def to_document(state: KnownIdentity) -> Document:
    document: Document = {
        "_id": state.key,
        "kind": state.identity.kind,
        "value": state.identity.value,
        "version": state.version,
        "customer_id": state.customer_id,
        "customers": list(state.customers),
        "assurance": state.assurance.value,
        "display_name": state.display_name,
        "named_at": state.named_at,
        "languages": list(state.languages),
        "channel": state.channel,
        "seen_at": state.seen_at,
        "history": [_link_document(link) for link in state.links],
    }
    # Absent rather than null: what is absent is not in a sparse index.
    if folded := names.folded(state.display_name):
        document["folded_name"] = folded
    if state.same:
        document["same"] = [{"source": source, **identity.model_dump()} for source, identity in state.same]
    if state.facts is not None:
        document |= _facts_document(state.facts)
    if commands := [link.caused_by for link in state.links if link.actor.kind == AGENT]:
        document["commands"] = commands
    if merges := list(dict.fromkeys(link.merge_id for link in state.links if link.merge_id is not None)):
        document["merges"] = merges
    if state.spellings:
        document["spellings"] = list(state.spellings)
    if state.assurances != (_first_assured(state.links[0]),):
        document["assurances"] = [_assured_document(each) for each in state.assurances]
    document["companies"] = [[each.name, each.customer_id, each.at, each.account] for each in state.companies]
    return document


def _facts_document(facts: Facts) -> Document:
    """As JSON text, which nothing searches; beside it what messages need of it, absent where there is nothing."""
    document: Document = {"facts": facts.model_dump_json()}
    if groups := related(facts):
        document["related"] = [{"at": at, "group": group.model_dump_json()} for at, group in groups]
    return document


NOT_FOR_MESSAGES = ("facts", "related")
"""What recognising a sender does without: there can be much of it."""

OUTLINE = ("kind", "value", "customers", "customer_id", "assurance", "channel", "seen_at", "display_name", "named_at")
"""The fields of an outline, and by whom it is found."""


def outline_from(document: Document) -> Outline:
    return Outline(
        identity=Identity(kind=document["kind"], value=document["value"]),
        customer_id=document["customer_id"],
        assurance=Assurance(document["assurance"]),
        channel=document["channel"],
        seen_at=document["seen_at"],
        display_name=document["display_name"],
        named_at=document["named_at"],
    )


def from_document(document: Document) -> KnownIdentity:
    links = tuple(_link(each) for each in document["history"])
    return KnownIdentity(
        identity=Identity(kind=document["kind"], value=document["value"]),
        version=document["version"],
        assurance=Assurance(document["assurance"]),
        links=links,
        channel=document["channel"],
        seen_at=document["seen_at"],
        display_name=document["display_name"],
        named_at=document["named_at"],
        languages=tuple(document["languages"]),
        facts=Facts.model_validate_json(document["facts"]) if "facts" in document else None,
        same=tuple(
            (each["source"], Identity(kind=each["kind"], value=each["value"])) for each in document.get("same", ())
        ),
        spellings=tuple(document.get("spellings", ())),
        assurances=_assurances(document["assurances"]) if "assurances" in document else (_first_assured(links[0]),),
        companies=tuple(Company(*each) for each in document.get("companies", ())),
    )


def related_from(document: Document) -> tuple[tuple[datetime, RelatedReferences], ...]:
    """What the records of this handle put together, newest first."""
    return tuple(
        (each["at"], RelatedReferences.model_validate_json(each["group"])) for each in document.get("related", ())
    )


def _link_document(link: Link) -> dict[str, Any]:
    return {
        "link_id": link.link_id,
        "customer_id": link.customer_id,
        "assurance": link.assurance.value,
        "at": link.at,
        "because": link.because.model_dump(),
        "actor": link.actor.model_dump(),
        "caused_by": link.caused_by,
        "undoes": link.undoes,
        # Absent where there is nothing: nearly all links are of one message alone.
        **({"merge_id": link.merge_id} if link.merge_id else {}),
        **({"rests_on": link.rests_on} if link.rests_on else {}),
        **({"shared": True} if link.shared else {}),
    }


def _assured_document(assured: Assured) -> dict[str, Any]:
    return {
        "assurance": assured.assurance.value,
        "at": assured.at,
        "evidence": [{"code": each.code, "values": each.values} for each in assured.evidence],
    }


def _first_assured(first: Link) -> Assured:
    """How sure it was when it came: most have no other history, and that one is written down with the link."""
    return Assured(first.assurance, first.at, first.because.evidence)


def _assurances(documents: list[Document]) -> tuple[Assured, ...]:
    return tuple(
        Assured(
            Assurance(each["assurance"]),
            each["at"],
            tuple(_evidence(evidence["code"], tuple(evidence["values"].items())) for evidence in each["evidence"]),
        )
        for each in documents
    )


@lru_cache(maxsize=2048)  # read with every message; a few proofs stand on most handles, by provider and network
def _evidence(code: str, values: tuple[tuple[str, str], ...]) -> Evidence:
    return Evidence(code=code, values=dict(values))


def _link(document: Document) -> Link:
    return Link(
        link_id=document["link_id"],
        customer_id=document["customer_id"],
        assurance=Assurance(document["assurance"]),
        at=document["at"],
        because=Because.model_validate(document["because"]),
        actor=Actor.model_validate(document["actor"]),
        caused_by=document["caused_by"],
        undoes=document["undoes"],
        merge_id=document.get("merge_id"),
        rests_on=document.get("rests_on"),
        shared=document.get("shared", False),
    )
