"""The shape of a language's texts."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """What is said about one kind of matter. Blanks are the facts of the matter: `{product}`, `{order}`, `{city}`, …

    `openings` begin it, `retellings` tell the same once more in other words, `details` come in answers in between,
    `answers` are the agents'. `subjects` are subject lines.
    """

    subjects: tuple[str, ...]
    openings: tuple[str, ...]
    retellings: tuple[str, ...]
    details: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Texts:
    """Everything that a language has. `numbered` puts an order number into words, also in words that few expect."""

    topics: Mapping[str, Phrases]
    greetings: tuple[str, ...]
    endings: tuple[str, ...]
    vague: tuple[str, ...]
    chasing: tuple[str, ...]
    thanks: tuple[str, ...]
    moods: tuple[str, ...]
    yes: tuple[str, ...]
    numbered: tuple[str, ...]
    subjects: tuple[str, ...]
    forwarded: str
    away: tuple[str, ...]
    pretexts: tuple[str, ...]
    """How an impostor asks for what is not theirs."""
