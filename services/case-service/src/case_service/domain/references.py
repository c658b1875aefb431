"""Explicit references in what customers write, such as order numbers: they tell two cases of one person apart."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

_SEARCHED_CHARS = 20_000
_DOSSIER_NUMBER = re.compile(r"\bd-[2-9a-hj-km-np-z]{4}-[2-9a-hj-km-np-z]{4}\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class ReferencePattern:
    """`kind` becomes part of the evidence (`same-<kind>-number`); group 1 of `pattern` is the number, with a digit."""

    kind: str
    pattern: str

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)


Patterns = tuple[ReferencePattern, ...]

# Customers write these texts, hostile ones too: every repetition is bounded.
_NAMED = (
    r"\s{0,3}(?:n[o°º]\.?|nr\.?|num(?:ber|éro|ero|mer)?\.?|réf(?:érence)?\.?|ref(?:erence)?\.?|id)?\s{0,3}[:#]?\s{0,3}"
)
_NUMBER = rf"{_NAMED}((?=[a-z-]{{0,6}}\d)[a-z]{{0,4}}-?\d{{3,14}}(?:-\d{{2,8}})?)\b"
# Carriers mix letters and digits: 6A12345678901.
_CODE = rf"{_NAMED}((?=\d[a-z]\d|[a-z0-9]{{0,12}}\d{{3}})[a-z0-9]{{3,24}})\b"

DEFAULT_PATTERNS = (
    ReferencePattern(
        "order",
        rf"\b(?:order|commande|bestellung|pedido|ordine|po|cde|cmd|r[ée]f(?:[ée]rence)?\.?)(?!\w){_NUMBER}",
    ),
    ReferencePattern("invoice", rf"\b(?:invoice|facture|rechnung|factura|fattura)\b{_NUMBER}"),
    ReferencePattern(
        "parcel", rf"\b(?:parcel|package|tracking|shipment|colis|suivi|envoi|paket|paquete|pacco)\b{_CODE}"
    ),
)


@dataclass(frozen=True)
class Reference:
    """A number somebody named, such as order 4711."""

    kind: str
    number: str

    @property
    def key(self) -> str:
        """Equal for equal numbers: people write `AB-4711` and `AB4711`."""
        return f"{self.kind}:{self.number.replace('-', '').upper()}"

    @classmethod
    def of_key(cls, key: str) -> "Reference":
        kind, _, number = key.partition(":")
        return cls(kind, number)


def references_in(patterns: Patterns, *texts: str | None) -> tuple[Reference, ...]:
    """What is named in these texts, each once, in the order of appearance."""
    return _references_in(patterns, tuple(text[:_SEARCHED_CHARS] for text in texts if text))


@lru_cache(maxsize=512)  # a message is asked for what it names when it is correlated, and when it is folded in
def _references_in(patterns: Patterns, texts: tuple[str, ...]) -> tuple[Reference, ...]:
    found: dict[Reference, None] = {}
    for text in texts:
        if _DIGIT.search(text):
            for pattern in patterns:
                for match in pattern.compiled.finditer(text):
                    found[Reference(pattern.kind, match[1].upper())] = None
    return tuple(found)


def dossier_numbers_in(*texts: str | None) -> frozenset[str]:
    """The dossier numbers that are quoted, as we write them. They are hints among the sender's own, never keys."""
    return frozenset(
        found.upper() for text in texts if text for found in _DOSSIER_NUMBER.findall(text[:_SEARCHED_CHARS])
    )
