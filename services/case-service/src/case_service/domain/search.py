"""The simple search of an inbox: beginnings of words, without accents and case."""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_WORDS = 40


@lru_cache(maxsize=10_000)  # a dossier is stored after each of its messages; its number, subject and name stay
def words_of(number: str, *texts: str | None) -> tuple[str, ...]:
    """What a dossier is found by: its number, whole and without hyphens, and the words of the texts."""
    folded = _folded(number)
    words = dict.fromkeys([folded, folded.replace("-", ""), *_WORD.findall(folded)])
    for text in texts:
        words |= dict.fromkeys(_WORD.findall(_folded(text or "")))
    return tuple(words)[:_WORDS]


def asked_words(query: str) -> tuple[str, ...]:
    """The beginnings that a question asks for; a dossier has to have them all."""
    folded = _folded(query).strip()
    if re.fullmatch(r"d-?[2-9a-z]{1,4}-?[2-9a-z]{0,4}", folded) and "-" in folded:
        return (folded.replace("-", ""),)
    return tuple(_WORD.findall(folded))[:8]


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(each for each in decomposed if not unicodedata.combining(each)).casefold()
