"""How appends and dossiers are kept in MongoDB, and read back.

Entries, views and memories are kept as JSON text: an entry is written, published and streamed as the same bytes, and
pydantic's own JSON is several times faster than dictionaries and BSON. What is searched for stands beside it.
"""

from typing import Any

from omnifil_contracts.dossier import DossierView, TimelineEntry
from omnifil_contracts.record import Value
from omnifil_messaging.context import traceparent
from omnifil_mongostore import Document, Index
from omnifil_servicekit import telemetry

from case_service.domain.authors import Author
from case_service.domain.contacts import is_contact, said_at, takes_away
from case_service.domain.decisions import Append
from case_service.domain.dossier import Dossier
from case_service.domain.lookups import Spot
from case_service.domain.memory import Memory
from case_service.domain.search import words_of

TIMELINE = "timeline"
DOSSIERS = "dossiers"
WATERMARK = "relay"
DATABASE = "cases"

INDEXES = (
    # (dossier, first seq) is the _id: two writers of one place cannot both succeed (invariants I3, I4).
    Index(TIMELINE, ["effects"], unique=True, name="effect"),
    Index(
        TIMELINE,
        ["opens.customer_id", "opens.ordinal"],
        unique=True,
        partial={"opens": {"$exists": True}},
        name="ordinal_of_customer",
    ),
    Index(TIMELINE, ["claims"], unique=True, partial={"claims": {"$exists": True}}, name="claimed_conversation"),
    Index(TIMELINE, ["dossier_id", ("said_at", -1)], partial={"said_at": {"$exists": True}}, name="said_in_dossier"),
    Index(TIMELINE, ["dossier_id", "said_from"], partial={"said_from": {"$exists": True}}, name="said_over_time"),
    Index(TIMELINE, ["dossier_id"], partial={"takes_away": {"$exists": True}}, name="taken_away"),
    Index(TIMELINE, ["known.id"], partial={"known": {"$exists": True}}, name="known"),
    Index(DOSSIERS, [("last_entry_at", -1), ("_id", -1)], name="activity"),
    Index(DOSSIERS, ["status", ("last_entry_at", -1), ("_id", -1)], name="status_activity"),
    Index(DOSSIERS, ["assigned_to", ("last_entry_at", -1), ("_id", -1)], name="agent_activity"),
    Index(DOSSIERS, ["customer_id", ("last_entry_at", -1), ("_id", -1)], name="customer_activity"),
    Index(DOSSIERS, ["channels", ("last_entry_at", -1), ("_id", -1)], name="channel_activity"),
    Index(DOSSIERS, ["words"], name="words"),
    Index(DOSSIERS, ["waits_on", "waits_since"], partial={"waits_on": {"$exists": True}}, name="waiting"),
)


def append_id(dossier_id: str, seq: int) -> str:
    """The `_id` of the append that begins with this seq; these sort like the timeline."""
    return f"{dossier_id}:{seq:010d}"


def append_document(append: Append, part: list[TimelineEntry]) -> Document:
    """The document of `part`, a run of the append's entries: all of them, unless they are too large for one."""
    first, last = part[0].seq, part[-1].seq
    document: Document = {
        "_id": append_id(append.dossier_id, first),
        "dossier_id": append.dossier_id,
        "first_seq": first,
        "last_seq": last,
        "at": part[-1].at,
        "effects": [entry.effect_id for entry in part],
        "entries": [_text(entry) for entry in part],
    }
    _mark_said(document, part)
    if telemetry.recorded.on and (traces := _traces(part)):
        document["traces"] = traces
    if first == append.first_seq:
        # Absent rather than empty: the partial indexes go by existence.
        if append.opens:
            document["opens"] = [{"customer_id": customer, "ordinal": ordinal} for customer, ordinal in append.opens]
        if append.claims:
            document["claims"] = append.claims
    if known := append.known if len(part) == len(append.entries) else _known_in(append, part):
        document["known"] = [_known(each, spot) for each, spot in known]
    if append.answer is not None:
        document["answer"] = append.answer
    return document


def _known_in(append: Append, part: list[TimelineEntry]) -> list[tuple[str, Spot]]:
    """What `part` makes known: a move of thousands of messages makes more known than one document could hold."""
    first, last = part[0].seq, part[-1].seq
    return [each for each, seq in zip(append.known, append.known_at, strict=True) if first <= seq <= last]


def _mark_said(document: Document, part: list[TimelineEntry]) -> None:
    """When the newest of what it says was said; where that is of several times, also the oldest."""
    said = [said_at(entry) for entry in part if is_contact(entry)]
    if len(said) == 1:
        (document["said_at"],) = said
    elif said:
        document["said_at"], oldest = max(said), min(said)
        if oldest < document["said_at"]:
            document["said_from"] = oldest
    if any(takes_away(entry) for entry in part):
        document["takes_away"] = True


def append_of(document: Document) -> Append:
    """Reads a document back; `written` has the entries as they are stored, for passing them on as they are."""
    return Append(
        dossier_id=document["dossier_id"],
        first_seq=document["first_seq"],
        entries=entries_of(document),
        opens=[(each["customer_id"], each["ordinal"]) for each in document.get("opens", ())],
        claims=list(document.get("claims", ())),
        known=[(each["id"], spot_of(document["dossier_id"], each)) for each in document.get("known", ())],
        answer=document.get("answer"),
        written=tuple(document["entries"]),
        traces={each["seq"]: each["traceparent"] for each in document.get("traces", ())},
    )


def spot_of(dossier_id: str, known: Document) -> Spot:
    """Reads one of an append's `known` back."""
    author = known.get("author")
    return Spot(dossier_id, known["conversation_id"], Author.of_text(author) if author is not None else None)


def _known(known: str, spot: Spot) -> Document:
    document: Document = {"id": known, "conversation_id": spot.conversation_id}
    if spot.author is not None:
        document["author"] = spot.author.text
    return document


def _traces(part: list[TimelineEntry]) -> list[Document]:
    """Beside the entries, for they are public: the trace that each belongs to, where it is recorded."""
    found = ((entry.seq, traceparent(_cause(entry))) for entry in part)
    return [{"seq": seq, "traceparent": context} for seq, context in found if context is not None]


def _cause(entry: TimelineEntry) -> str:
    """The id of the message, report or command that had this effect: the second part of `effect_id`."""
    return entry.effect_id.split(":")[1]


def entries_of(document: Document) -> list[TimelineEntry]:
    read = TimelineEntry.__pydantic_validator__.validate_json
    return [read(each) for each in document["entries"]]


def dossier_document(dossier: Dossier) -> Document:
    """The projection of a dossier: the view, what deciding remembers, and the fields that inboxes look for."""
    view = dossier.view
    return {
        "_id": dossier.id,
        "seq": view.seq,
        "view": _text(view),
        "memory": _text(dossier.memory),
        "status": view.status.value,
        "assigned_to": view.assigned_to.id if view.assigned_to else None,
        "customer_id": view.customer_id,
        "channels": sorted({each.conversation.channel for each in view.conversations}),
        "words": list(words_of(view.number, view.subject, view.customer_name)),
        "last_entry_at": view.last_entry_at,
        **_waiting(view),
    }


def _waiting(view: DossierView) -> Document:
    """Absent rather than empty: the partial index goes by existence."""
    if view.unanswered_since is None or view.last_message is None:
        return {}
    return {"waits_on": view.last_message.channel, "waits_since": view.unanswered_since}


def dossier_of(document: dict[str, Any]) -> Dossier:
    return Dossier(view_of(document), Memory.__pydantic_validator__.validate_json(document["memory"]))


def view_of(document: dict[str, Any]) -> DossierView:
    view: DossierView = DossierView.__pydantic_validator__.validate_json(document["view"])
    return view


def _text(value: Value) -> str:
    return value.__pydantic_serializer__.to_json(value).decode()
