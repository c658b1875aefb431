"""What a mail says: which of its parts are its words, which are files."""

from dataclasses import dataclass, field

from ingest_email.domain import html as pages
from ingest_email.domain.attachments import Files, content_id_of, disposition_of, filename_of
from ingest_email.domain.limits import Limits
from ingest_email.domain.mail import Mail, Part, parts_of, text_of
from ingest_email.domain.quotes import without_quotes

_SHORTENED = "\n[…]"


@dataclass(frozen=True)
class Body:
    """`text` is what is new; `html` is all of it, sanitised, or None for a mail of plain text."""

    text: str
    html: str | None
    files: Files


@dataclass
class _Passage:
    """One piece of the words, in one or two forms."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)


def read_body(mail: Mail, subject: str, limits: Limits) -> Body:
    """The words and the files of a mail."""
    passages: dict[int, _Passage] = {}
    files = Files(limits)
    alternatives = _alternatives(mail.root)
    html_chars = 0
    for part in parts_of(mail.root):
        kind = _words(part)
        passage = passages.setdefault(alternatives.get(id(part), id(part)), _Passage())
        if kind == "html" and html_chars + len(part.get_payload()) <= 2 * limits.html_chars:
            html_chars += len(part.get_payload())
            passage.html.append(text_of(part))
        elif kind == "plain":
            passage.plain.append(text_of(part))
        elif not _is_machine_readable(part):
            files.add(part, inline=content_id_of(part) is not None and disposition_of(part) != "attachment")
    pieces, page = [], []
    for passage in passages.values():
        plain = "\n\n".join(each.strip("\n") for each in passage.plain if each.strip())
        if any(map(pages.is_tangled, passage.html)):
            # to make it safe would take minutes: its words are shown, the page is in the original
            plain = plain or "\n\n".join(map(pages.stripped, passage.html))
            passage.html.clear()
        safe = [pages.sanitised(each, files.by_content_id) for each in passage.html]
        pieces.append(plain or "\n\n".join(map(pages.as_text, safe)))
        page += safe or ([pages.of_text(plain)] if plain else [])
    text = "\n\n".join(each for each in pieces if each.strip())[: 2 * limits.text_chars].rstrip()
    text = without_quotes(text, subject)
    html = "\n<hr>\n".join(each for each in page if each) if html_chars else ""
    return Body(_with_notes(text, files, limits), html if 0 < len(html) <= limits.html_chars else None, files)


def _words(part: Part) -> str | None:
    """`plain` or `html` if the part is to be read in the mail itself."""
    if disposition_of(part) == "attachment" or not isinstance(part.get_payload(), str):
        return None
    media_type = part.get_content_type()
    if media_type == "text/html":
        return "html"
    if disposition_of(part) == "inline" and filename_of(part):
        return None
    # a multipart here is one whose boundary nobody found: its lines are all there is to read
    return (
        "plain" if media_type in ("text/plain", "text/enriched") or part.get_content_maintype() == "multipart" else None
    )


def _is_machine_readable(part: Part) -> bool:
    """Parts of a report that its human-readable part says as well (RFC 3464, RFC 8098)."""
    return part.get_content_type() in ("message/delivery-status", "message/disposition-notification")


def _alternatives(root: Part) -> dict[int, int]:
    """By the identity of a part: that of the multipart/alternative it is in, of several the outermost."""
    found: dict[int, int] = {}
    for each in root.walk():
        if each.get_content_type() == "multipart/alternative" and each.is_multipart():
            for inner in each.walk():
                found.setdefault(id(inner), id(each))
    return found


def _with_notes(text: str, files: Files, limits: Limits) -> str:
    notes = "".join(f"\n[{name}: left out here for its size; it is in the original.]" for name in files.left_out[:20])
    room = limits.text_chars - len(notes)
    shortened = text if len(text) <= room else text[: room - len(_SHORTENED)] + _SHORTENED
    return (shortened + notes).strip("\n") if notes else shortened
