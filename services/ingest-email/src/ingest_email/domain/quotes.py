"""What a reply says anew, without the mail that it quotes. Conservative: when in doubt everything is kept."""

import re

_WROTE = re.compile(
    r"^\s*(?:"
    r"on\b.{0,300}\bwrote\s*:"
    r"|le\b.{0,300}\ba\s+écrit\s*:"
    r"|am\b.{0,300}\bschrieb\b.{0,200}:"
    r"|.{1,200}\bschrieb\s+am\b.{0,200}:"
    r")\s*$",
    re.IGNORECASE | re.DOTALL,
)
_BEGINS_WROTE = re.compile(r"^\s*(?:on|le|am)\b", re.IGNORECASE)
_DIVIDER = re.compile(
    r"^\s*(?:-{2,}|_{2,})\s*(?:original message|message d['’]origine|message original|ursprüngliche nachricht"
    r"|originalnachricht)\s*(?:-{2,}|_{2,})\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*_{10,}\s*$")
_BLOCK_FIELD = re.compile(
    r"^\s*\*?(?P<name>from|de|von|sent|envoyé|date|gesendet|datum|to|à|an|subject|objet|betreff|cc)\s*\*?\s*:\*?\s?\S",
    re.IGNORECASE,
)
_BLOCK_FIRST = {"from", "de", "von"}
_QUOTED = re.compile(r"^\s*[>|]")
_FORWARDED = re.compile(r"forwarded message|message transféré|weitergeleitete nachricht", re.IGNORECASE)
_FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|tr|wg|doorst)\s*:", re.IGNORECASE)
_LINES_LOOKED_AT = 20_000
_LINES_OF_WROTE = 4


def without_quotes(text: str, subject: str = "") -> str:
    """The text down to where the quoted mail begins, if it goes on to the end; otherwise all of the text.

    Kept whole: answers between the quoted lines, text below the quotation, forwarded mail, and mail of quotations only.
    """
    lines = text.split("\n")
    if _FORWARD_SUBJECT.match(subject):
        return text.strip("\n")
    quoted = _quoted_end(lines)
    for index, line in enumerate(lines[:_LINES_LOOKED_AT]):
        if _FORWARDED.search(line):
            break
        if _quotation_begins(lines, index, quoted):
            said = "\n".join(lines[:index]).rstrip()
            return said if said.strip() else text.strip("\n")
    return text.strip("\n")


def _quotation_begins(lines: list[str], index: int, quoted: range) -> bool:
    """`quoted` is where nothing but quotation is left."""
    line = lines[index]
    if _DIVIDER.match(line):
        return True
    if _RULE.match(line):
        return _is_header_block(lines, index + 1)
    if _is_header_block(lines, index):
        return True
    if _BEGINS_WROTE.match(line) or "schrieb" in line:
        for end in range(index + 1, min(index + _LINES_OF_WROTE, len(lines)) + 1):
            if _WROTE.match("\n".join(lines[index:end])):
                return end in quoted
    return index in quoted and bool(_QUOTED.match(line)) and _blank_before(lines, index)


def _quoted_end(lines: list[str]) -> range:
    """The lines from which on only quoted ones and blanks follow, to the last quoted one; then perhaps a signature."""
    signature = next((index for index in reversed(range(len(lines))) if lines[index].rstrip() == "--"), len(lines))
    for end in (signature, len(lines)):
        start, last = end, 0
        while start and (not lines[start - 1].strip() or _QUOTED.match(lines[start - 1])):
            start -= 1
            last = last or (start + 1 if lines[start].strip() else 0)
        if last:
            return range(start, last)
    return range(0)


def _blank_before(lines: list[str], index: int) -> bool:
    return index == 0 or not lines[index - 1].strip()


def _is_header_block(lines: list[str], index: int) -> bool:
    """Outlook's way: From, Sent, To, Subject on lines of their own."""
    names: list[str] = []
    for line in lines[index : index + 6]:
        match = _BLOCK_FIELD.match(line)
        if match is None:
            break
        names.append(match["name"].lower())
    return len(names) >= 3 and names[0] in _BLOCK_FIRST
