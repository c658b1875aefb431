"""A lookup as one question to MongoDB, and what its answer says.

What a message opened, claimed and made known stands in one document, and each command costs the process more than what
it brings.
"""

from collections.abc import Iterable

from omnifil_mongostore import Document

from case_service.adapters.documents import spot_of
from case_service.domain.lookups import Found, Lookup, Spot

LOOKED_UP = {"dossier_id": True, "opens": True, "claims": True, "known": True}


def asked_for(lookup: Lookup) -> list[Document]:
    """Alternatives, each served by an index of its own; none where nothing is asked."""
    wanted: list[Document] = []
    if lookup.customers:
        wanted.append({"opens.customer_id": {"$in": sorted(lookup.customers)}, "opens": {"$exists": True}})
    if lookup.conversations:
        wanted.append({"claims": {"$in": sorted(lookup.conversations), "$exists": True}})
    if lookup.known:
        wanted.append({"known.id": {"$in": sorted(lookup.known)}, "known": {"$exists": True}})
    return wanted


def found_in(documents: Iterable[Document], lookup: Lookup, newest: int | None) -> Found:
    """`newest`: of each customer only so many dossiers, the latest; None: all."""
    ordinals: dict[str, dict[int, str]] = {}
    claims: dict[str, str] = {}
    spots: dict[str, list[Spot]] = {}
    for document in documents:
        dossier_id = document["dossier_id"]
        for opened in document.get("opens", ()):
            if opened["customer_id"] in lookup.customers:
                ordinals.setdefault(opened["customer_id"], {})[opened["ordinal"]] = dossier_id
        for claimed in document.get("claims", ()):
            if claimed in lookup.conversations:
                claims[claimed] = dossier_id
        for known in document.get("known", ()):
            if known["id"] in lookup.known:
                spots.setdefault(known["id"], []).append(spot_of(dossier_id, known))
    if newest is not None:
        ordinals = {customer: dict(sorted(held.items())[-newest:]) for customer, held in ordinals.items()}
    return Found(ordinals, claims, spots)
