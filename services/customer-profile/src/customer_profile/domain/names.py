"""Names of persons, folded so that the same name written another way is found."""

import unicodedata
from difflib import SequenceMatcher

# Letters that Unicode does not decompose, as people type them on keyboards that lack them.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})


def folded(display_name: str | None) -> str | None:
    """The name without case, accents and odd spaces; None when it has not two words: a first name is nobody's."""
    if not display_name:
        return None
    decomposed = unicodedata.normalize("NFKD", display_name).casefold().translate(_PLAIN)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    return " ".join(words) if len(words) >= 2 else None


def may_be_one(one: str | None, other: str | None) -> bool:
    """Whether two names may be one person's: a part left out or shortened, another order, a slip of the pen, or another
    surname. Who bears no full name may be anybody."""
    first, second = folded(one), folded(other)
    if first is None or second is None or first == second:
        return True
    shorter, longer = sorted((first.split(), second.split()), key=len)
    if shorter[0] == longer[0] or all(any(_stands_for(word, each) for each in longer) for word in shorter):
        return True
    given = min(len(shorter[0]), len(longer[0])) >= _LONG_ENOUGH
    return given and SequenceMatcher(None, shorter[0], longer[0]).ratio() >= _ALIKE


_LONG_ENOUGH = 5
"""Of shorter names one letter makes another: Paul and Paula."""
_ALIKE = 0.85


def _stands_for(word: str, other: str) -> bool:
    return word == other or (len(min(word, other, key=len)) == 1 and word[0] == other[0])
