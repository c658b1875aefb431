"""The words: a template of the matter's topic, filled with its facts, as the person writes on that channel."""

import random
import re
from collections.abc import Sequence

from omnifil_testkit.simulator.plans import Matter
from omnifil_testkit.simulator.settings import Rates
from omnifil_testkit.simulator.texts.english import ENGLISH
from omnifil_testkit.simulator.texts.french import FRENCH
from omnifil_testkit.simulator.texts.language import Texts
from omnifil_testkit.simulator.texts.things import CITIES, COLOURS, DAYS

NO_ORDER = frozenset({"account", "question", "loyalty", "giftcard", "privacy", "subscription"})
"""What these are about has no order."""
_WORD = re.compile(r"[^\W\d_]{5,}")


def texts_in(language: str) -> Texts:
    return FRENCH if language == "fr" else ENGLISH


def other_language(language: str) -> str:
    return "en" if language == "fr" else "fr"


class Teller:
    """Says what one matter is about."""

    def __init__(self, rates: Rates, draw: random.Random, matter: Matter) -> None:
        self._rates, self._draw, self._matter = rates, draw, matter
        self._called: dict[str, str] = {}
        self._told: dict[str, str] = {}
        """By language: what the product is called, and what was said first."""

    def line(self, kind: str, language: str, channel: str) -> str:
        """A whole message of this kind."""
        texts = texts_in(language)
        if kind == "retelling" and language in self._told and self._draw.random() < self._rates.pasted:
            said = self._told[language]
        else:
            said = self._filled(self._template(kind, texts), kind, language)
        self._told.setdefault(language, said)
        if kind in ("vague", "thanks"):
            return self._mistyped(said)
        parts = [said]
        if self._draw.random() < 0.25:
            parts.append(self._draw.choice(texts.moods))
        if kind == "detail" and self._draw.random() < 0.4:
            parts.insert(0, self._draw.choice(texts.yes))
        if channel == "email":
            parts = [
                self._draw.choice(texts.greetings),
                " ".join(parts),
                self._draw.choice(texts.endings),
                self._name(),
            ]
            return self._mistyped("\n".join(part for part in parts if part))
        if self._draw.random() < 0.4 and kind != "detail":
            parts.insert(0, self._draw.choice(texts.greetings))
        whole = " ".join(part for part in parts if part)
        return self._mistyped(whole.lower() if self._draw.random() < 0.4 else whole)

    def subject(self, language: str) -> str | None:
        """A subject line; some have none, some say nothing."""
        texts = texts_in(language)
        if self._draw.random() < 0.22:
            return self._draw.choice(texts.subjects) or None
        return self._filled(self._draw.choice(texts.topics[self._matter.topic].subjects), "subject", language)

    def answer(self, language: str) -> str:
        """What an agent writes."""
        return self._filled(
            self._draw.choice(texts_in(language).topics[self._matter.topic].answers), "answer", language
        )

    def away(self, language: str) -> str:
        return self._filled(self._draw.choice(texts_in(language).away), "away", language)

    def pretext(self, language: str) -> str:
        """What an impostor writes; `{number}` is left to be filled with the dossier's number."""
        template = self._draw.choice(texts_in(language).pretexts).replace("{number}", "\x00")
        filled = self._filled(template.replace("{victim}", self._matter.person.name), "pretext", language)
        return filled.replace("\x00", "{number}")

    def _template(self, kind: str, texts: Texts) -> str:
        phrases = texts.topics[self._matter.topic]
        choices: Sequence[str] = {
            "opening": phrases.openings,
            "retelling": phrases.retellings * 2 + phrases.openings,
            "detail": phrases.details,
            "vague": texts.vague,
            "chasing": texts.chasing,
            "thanks": texts.thanks,
        }[kind]
        return self._draw.choice(choices)

    def _filled(self, template: str, kind: str, language: str) -> str:
        matter, facts = self._matter, self._matter.facts
        at = 0 if language == "fr" else 1
        texts = texts_in(language)
        if matter.topic in NO_ORDER:
            template = template.replace("{numbered}", "")
        again = self._rates.number_again if kind in ("retelling", "chasing") else self._rates.number_later
        named = self._rates.number_first if kind == "opening" else again
        numbered = ""
        if matter.topic not in NO_ORDER and ("{numbered}" in template or kind in ("opening", "retelling", "chasing")):
            numbered = self._draw.choice(texts.numbered) if self._draw.random() < named else ""
        if numbered and "{numbered}" not in template:
            template += " {numbered}"
        filled = template.replace("{numbered}", numbered).format(
            product=self._product(language),
            order=matter.order,
            parcel=matter.parcel,
            invoice=matter.invoice,
            city=CITIES[facts["city"] % len(CITIES)],
            colour=COLOURS[facts["colour"] % len(COLOURS)][at],
            day=DAYS[facts["day"] % len(DAYS)][at],
            part=matter.product.parts[facts["part"] % len(matter.product.parts)][at],
            fault=matter.product.faults[facts["fault"] % len(matter.product.faults)][at],
            amount=f"{facts['amount'] % 900 + 15}.{facts['amount'] % 100:02d}",
            serial=f"{facts['serial'] * 7919 % 10**6:06d}",
            code=f"PROMO{facts['serial'] % 90 + 10}",
        )
        return " ".join(filled.split())

    def _product(self, language: str) -> str:
        """What the person calls it; at times by another name."""
        names = self._matter.product.names(language)
        usual = self._called.setdefault(language, self._draw.choice(names))
        return usual if self._draw.random() < self._rates.same_name else self._draw.choice(names)

    def _name(self) -> str:
        return self._matter.person.name if self._draw.random() < 0.6 else ""

    def _mistyped(self, text: str) -> str:
        """Two letters swapped here and there."""

        def typed(word: re.Match[str]) -> str:
            letters = word[0]
            if self._draw.random() >= self._matter.person.typos:
                return letters
            at = 1 + self._draw.randrange(len(letters) - 3)
            return f"{letters[:at]}{letters[at + 1]}{letters[at]}{letters[at + 2 :]}"

        return _WORD.sub(typed, text)
