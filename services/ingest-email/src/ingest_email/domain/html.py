"""HTML of strangers: what may be shown in a frame, and what it says as text. Nothing is ever fetched."""

import html as entities
import re
from collections.abc import Mapping

import lxml.html  # type: ignore[import-untyped]  # has no types of its own
import nh3
from inscriptis import Inscriptis  # type: ignore[import-untyped]  # as above
from inscriptis.css_profiles import STRICT_CSS_PROFILE  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]
from lxml.etree import ParserError  # type: ignore[import-untyped]

from ingest_email.domain.charsets import clean

_TAGS = frozenset(
    re.findall(
        r"\w+",
        """a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn div dl dt em
        figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span
        strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr""",
    )
)
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign", "scope"},
    "ol": {"start", "type"},
    "font": {"color"},
    "time": {"datetime"},
}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
_HIDDEN = {"script", "style", "title", "head", "noscript", "template"}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_WITHOUT_END = {
    "br",
    "hr",
    "img",
    "meta",
    "link",
    "input",
    "col",
    "area",
    "base",
    "wbr",
    "p",
    "li",
    "td",
    "th",
    "tr",
    "o",
}
_TAGS_LIMIT = 40_000
_DEPTH_LIMIT = 400
_PLAIN = ParserConfig(css=STRICT_CSS_PROFILE, display_links=False, display_images=False)
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


def sanitised(html: str, inline: Mapping[str, str]) -> str:
    """HTML without scripts, styles, forms and anything from elsewhere.

    The only images left are inline ones: `cid:<Content-ID>` becomes `cid:<sha256>`, the address of an attachment;
    `inline` gives the sha256 by Content-ID. An image from elsewhere would tell its sender that the mail was opened.
    """

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            sha256 = inline.get(value[4:].strip("<> ")) if value[:4].lower() == "cid:" else None
            return f"cid:{sha256}" if sha256 else None
        return None if name == "href" and value[:4].lower() == "cid:" else value

    return nh3.clean(
        clean(html),
        tags=set(_TAGS),
        clean_content_tags=_HIDDEN,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    ).strip()


def of_text(text: str) -> str:
    """Plain text as HTML, for a mail that is partly one and partly the other."""
    return f"<pre>{entities.escape(text, quote=False)}</pre>"


def as_text(html: str) -> str:
    """Sanitised HTML as text; quotations become lines that begin with `> `, as in plain text mail."""
    if not html.strip():
        return ""
    try:
        tree = lxml.html.fromstring(f"<div>{html}</div>")
        _mark_quotations(tree)
        text = _rendered(tree)
    except (ParserError, RecursionError, ValueError, AssertionError, TypeError):
        text = stripped(html)
    return _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in clean(text).split("\n"))).strip("\n")


def _mark_quotations(tree: lxml.html.HtmlElement) -> None:
    """Innermost first, so that a quotation in a quotation gets two marks."""
    for quotation in reversed(list(tree.iter("blockquote"))):
        tail, quotation.tail = quotation.tail, None
        lines = _rendered(quotation).strip("\n").split("\n")
        quotation.clear()
        quotation.tag, quotation.tail = "pre", tail
        quotation.text = "\n".join(f"> {line}".rstrip() for line in lines)


def _rendered(tree: lxml.html.HtmlElement) -> str:
    return str(Inscriptis(tree, _PLAIN).get_text())


def is_tangled(html: str) -> bool:
    """Whether parsing it would take time that grows with the square of its size: tens of thousands of elements, or
    hundreds inside each other. Pages that people write have some thousands, and some dozens."""
    if html.count("<") > _TAGS_LIMIT:
        return True
    depth = 0
    for match in _TAG.finditer(html):
        depth = max(0, depth - 1) if match[1] else depth + (match[2].lower() not in _WITHOUT_END)
        if depth > _DEPTH_LIMIT:
            return True
    return False


def stripped(html: str) -> str:
    """The words alone, without looking at the structure. Text, not HTML: it is not safe to be shown as a page."""
    text = re.sub(r"(?is)<(script|style|head|title)\b.{0,200000}?</\1\s*>", " ", html)
    text = re.sub(r"(?i)<(?:br|/p|/div|/tr|/li)\b[^<>]*>", "\n", text)
    return clean(entities.unescape(re.sub(r"<[^<>]*>", "", text))).strip()
