"""An identity as MongoDB keeps it: one document, with everybody whose it ever was listed for the index."""

from typing import Any

from omnifil_contracts.identity import Actor, Assurance, Because, Identity
from omnifil_mongostore import Document

from customer_profile.domain import names
from customer_profile.domain.identities import AGENT, KnownIdentity, Link, Outline


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
    if commands := [link.caused_by for link in state.links if link.actor.kind == AGENT]:
        document["commands"] = commands
    return document


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
    return KnownIdentity(
        identity=Identity(kind=document["kind"], value=document["value"]),
        version=document["version"],
        assurance=Assurance(document["assurance"]),
        links=tuple(_link(each) for each in document["history"]),
        channel=document["channel"],
        seen_at=document["seen_at"],
        display_name=document["display_name"],
        named_at=document["named_at"],
        languages=tuple(document["languages"]),
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
    }


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
    )
