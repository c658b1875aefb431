"""The telling words of what people write, in one form whatever their ending: what two texts are compared by.

French and English are stemmed one after the other (Snowball), so nobody has to know which language a text is in, and a
text may mix them. What every text has (articles, greetings) is left out; what every complaint has (order, delivery,
refund) counts less.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import Stemmer

from case_service.domain.stop_words import COMMONPLACE, STOP_WORDS
from case_service.domain.topics import TOPICS

_CHARS = 2_000
"""What a matter is about is said at the beginning; a longer text costs no more."""
_WORDS = 120
_LONGEST = 24
_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_TIME = re.compile(r"\d{1,2}[hH]\d{0,2}|\d+(?:e|er|eme|th|st|nd|rd|kg|cm|mm|eur|euros|h|min)", re.IGNORECASE)
_PHONE = re.compile(r"0\d{9}|(?:33|44|32|41|49)\d{9,10}")
# A signature says who writes, not what about (RFC 3676 §4.3); most begin with a word of farewell instead.
_SIGNATURE = re.compile(
    r"(?im)^(?:-- ?|(?:bien )?cordialement|cdt|bien (?:a|à) vous|bonne (?:journ|soir)ée|salutations"
    r"|merci(?: d.avance| bien)?|(?:kind |best |warm )?regards|best(?: wishes)?|cheers|sincerely"
    r"|thanks(?: in advance| a lot)?|thank you|have a (?:nice|good) day|yours(?: \w{1,12})?)[ ,.!]{0,3}$"
)

_ENGLISH, _FRENCH = Stemmer.Stemmer("english"), Stemmer.Stemmer("french")


@dataclass(frozen=True, slots=True)
class Words:
    """The telling words of a text: stem → as it was written, in the order of appearance."""

    by_stem: Mapping[str, str]
    topics: frozenset[str] = frozenset()

    def without(self, stems: frozenset[str]) -> "Words":
        if stems.isdisjoint(self.by_stem):
            return self
        return Words({stem: word for stem, word in self.by_stem.items() if stem not in stems}, self.topics)


NO_WORDS = Words(MappingProxyType({}))


def words_of(*texts: str | None) -> Words:
    """The telling words of these texts, together at most 120 of the first 2,000 characters of each."""
    return _words_of(tuple(text[:_CHARS] for text in texts if text))


@lru_cache(maxsize=2048)  # a message is compared, folded in, and folded in by the relay: three times the same words
def _words_of(texts: tuple[str, ...]) -> Words:
    found: dict[str, str] = {}
    topics: set[str] = set()
    for text in texts:
        for word in _WORD.findall(_SIGNATURE.split(text, maxsplit=1)[0]):
            stem, topic = _stem_of(word[:_LONGEST])
            if topic is not None:
                topics.add(topic)
            if stem is not None and stem not in found and len(found) < _WORDS:
                found[stem] = word[:_LONGEST]
    return Words(found, frozenset(topics))


def stems_of_names(names: Iterable[str | None]) -> frozenset[str]:
    """What persons are called: their names stand in all that they write."""
    return frozenset(stem for name in names if name for stem in words_of(name).by_stem)


def weight_of(stem: str) -> float:
    """How much it tells that two texts share this word: a number much, what every complaint has little."""
    if stem[0] == "#":
        return 2.0
    return 0.25 if stem in _COMMONPLACE_STEMS else 1.0


@lru_cache(maxsize=50_000)
def _stem_of(word: str) -> tuple[str | None, str | None]:
    """The stem and the topic; None for what tells nothing. Numbers are kept as they are, with a mark before them."""
    if _DIGIT.search(word):
        if len(word) < 3 or _YEAR.fullmatch(word) or _TIME.fullmatch(word) or _PHONE.fullmatch(word):
            return None, None
        return ("#" + word.upper() if len(word) > 3 or not word.isdigit() else None), None
    lowered = word.casefold()
    plain = without_accents(lowered)
    topic = TOPICS.get(plain)
    if len(plain) < 3 or plain in STOP_WORDS:
        return None, topic
    return _stemmed(lowered), topic


def _stemmed(lowered: str) -> str:
    return without_accents(_FRENCH.stemWord(_ENGLISH.stemWord(lowered)))


def without_accents(text: str) -> str:
    """`réglé` and `regle` are one word to who types in a hurry."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(each for each in decomposed if not unicodedata.combining(each))


_COMMONPLACE_STEMS = frozenset(
    form for word in COMMONPLACE for form in (_stemmed(word), _stemmed(without_accents(word)))
)
