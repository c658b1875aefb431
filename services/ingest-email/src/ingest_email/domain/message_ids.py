"""Message-IDs: those of others normalised, those of ours with the reference inside. RFC 5322 §3.6.4."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_ID_CHARS = 900
_BRACKETED = re.compile(r"<([^<>]{1,2000})>")
_NOT_IN_A_BARE_ID = re.compile(r"[\s<>,;\"()]+")
_BLANKS = re.compile(r"\s+")
_REFERENCE = re.compile(r"[A-Za-z0-9_~.-]{4,400}")
_OURS = re.compile(rf"<(?P<reference>{_REFERENCE.pattern})\.(?P<outbound>[A-Za-z0-9-]{{8,64}})@(?P<domain>[^@<>]+)>")


@dataclass(frozen=True)
class OurMessageId:
    """What one of our Message-IDs says."""

    reference: str
    outbound_id: str
    domain: str


def mint(reference: str, outbound_id: str, domain: str) -> str:
    """The Message-ID of a reply: the same for the same reply. A reference that no Message-ID can hold is left out."""
    left = f"{reference}.{outbound_id}" if _REFERENCE.fullmatch(reference) else f"omnifil.{outbound_id}"
    return f"<{left}@{domain}>"


def ours(message_id: str, domain: str) -> OurMessageId | None:
    """What the id says if it is one of ours, of this reply domain. Nothing in it is verified here."""
    match = _OURS.fullmatch(message_id)
    if match is None or match["domain"].lower() != domain:
        return None
    return OurMessageId(match["reference"], match["outbound"], match["domain"].lower())


def listed(value: str) -> tuple[str, ...]:
    """Every id in a Message-ID, In-Reply-To or References field, in order, once; malformed fields too.

    Some clients leave out the brackets, divide by commas, or fold a line in the middle of an id.
    """
    found = [_BLANKS.sub("", match) for match in _BRACKETED.findall(value)]
    found = found or [each for each in _NOT_IN_A_BARE_ID.split(value) if "@" in each[1:-1]]
    return tuple(dict.fromkeys(_bounded(each) for each in found if each))


def of_content(raw: bytes) -> str:
    """For a mail that came without: the same mail has the same id whenever it is read again."""
    return f"<sha256-{hashlib.sha256(raw).hexdigest()}@content.omnifil.invalid>"


def _bounded(inner: str) -> str:
    if len(inner) > MAX_ID_CHARS:
        inner = f"sha256-{hashlib.sha256(inner.encode('utf-8', 'replace')).hexdigest()}@long.omnifil.invalid"
    return f"<{inner}>"


@dataclass(frozen=True)
class Thread:
    """Where a mail stands: its own id, the root that names the conversation, its ancestors (newest first)."""

    own: str
    root: str
    ancestors: tuple[str, ...]


def thread(own: str, in_reply_to: str, references: str, limit: int) -> Thread:
    """From the three fields. The root is the first of References, else of In-Reply-To, else the mail itself."""
    referred, replied = listed(references), listed(in_reply_to)
    newest_first = list(dict.fromkeys([*replied[:1], *reversed(referred), *replied[1:]]))
    ancestors = [each for each in newest_first if each != own]
    roots = [each for each in (*referred[:1], *replied[:1]) if each != own]
    root = roots[0] if roots else own
    if len(ancestors) > limit:
        ancestors = [*[each for each in ancestors[: limit - 1] if each != root], root]
    return Thread(own, root, tuple(ancestors))


def references_in(ids: Iterable[str], domain: str) -> tuple[str, ...]:
    """What looks like references that we minted, in these ids."""
    found = (ours(each, domain) for each in ids)
    return tuple(dict.fromkeys(each.reference for each in found if each is not None))


def references_in_addresses(addresses: Iterable[str], our_addresses: Iterable[str]) -> tuple[str, ...]:
    """What looks like references in plus-addresses of ours (`support+{reference}@…`); their case is kept."""
    own = set(our_addresses)
    found: list[str] = []
    for address in addresses:
        local, _, domain = address.rpartition("@")
        name, plus, reference = local.partition("+")
        if plus and f"{name}@{domain}".lower() in own and _REFERENCE.fullmatch(reference):
            found.append(reference)
    return tuple(dict.fromkeys(found))
