"""Whatever reason a service gives, an agent reads it as a sentence, in English and in French."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from words_scenes.emitted import BLANK, Emitted, Sources

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "services/agent-gateway/desktop/src/i18n"
LANGUAGES = ("en", "fr")
PLURAL = re.compile(r"_(zero|one|two|few|many|other)$")
FORMS = {"rule": ("short", "long"), "evidence": ("",)}


def emitted(model: str, field: str) -> Iterator[Emitted]:
    for folder in sorted((ROOT / "services").glob("*/src")):
        yield from Sources(folder).emitted(model, field)


def known(language: str, section: str) -> dict[str, Any]:
    texts = json.loads((WORDS / f"{language}.json").read_text())
    return {PLURAL.sub("", key): words for key, words in texts[section].items()}


def missing(language: str, section: str, all_emitted: list[Emitted]) -> dict[str, str]:
    words = known(language, section)
    return {each.slug: each.place for each in all_emitted if not _is_said(words, each.slug)}


def _is_said(words: dict[str, Any], slug: str) -> bool:
    pattern = re.compile(re.escape(slug).replace(re.escape(BLANK), r"[a-z-]+"))
    return any(pattern.fullmatch(key) for key in words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_evidence_that_a_service_gives_has_a_sentence(language: str) -> None:
    given = list(emitted("Evidence", "code"))
    assert len({each.slug for each in given}) > 40, "the sources have not been read"
    assert missing(language, "evidence", given) == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_that_a_service_names_has_its_words(language: str) -> None:
    given = list(emitted("Because", "rule"))
    assert {each.slug for each in given} >= {"token", "thread", "customer", "new", "agent"}
    assert missing(language, "rule", given) == {}
    incomplete = {name for name, words in known(language, "rule").items() if not {"short", "long"} <= set(words)}
    assert incomplete == set()


def test_a_sentence_fills_in_only_what_its_evidence_may_have() -> None:
    """A blank that nobody fills would show as it is written, `{{limit}}`."""
    for language in LANGUAGES:
        texts = json.loads((WORDS / f"{language}.json").read_text())["evidence"]
        for key, sentence in texts.items():
            blanks = set(re.findall(r"\{\{(\w+)\}\}", sentence)) - {"count"}
            values = _values_of(PLURAL.sub("", key))
            assert values is None or blanks <= values, f"{language}: {key} asks for {blanks - values}"


def _values_of(code: str) -> set[str] | None:
    """The names of the values that every source gives with this code; None: not all of them write them out there."""
    written = re.compile(rf'code="{re.escape(code)}",\s*values=\{{([^*]*?)\}}')
    named: list[set[str]] = []
    for folder in (ROOT / "services").glob("*/src"):
        for path in folder.rglob("*.py"):
            text = path.read_text()
            given = [set(re.findall(r'"(\w+)":', values)) for values in written.findall(text)]
            if len(given) != text.count(f'code="{code}"'):
                return None
            named += given
    return set.intersection(*named) if named else None


def test_the_reading_of_sources_sees_what_is_not_written_out(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text(
        "PLAIN = 'plain'\n"
        "def told(code): return Evidence(code=code)\n"
        "told('by-parameter')\n"
        "Evidence(code=PLAIN)\n"
        "Evidence(code='yes' if x else 'no')\n"
        "Evidence(code=f'same-{kind}-number')\n"
        "for rule in ('one', 'two'): Evidence(code=rule)\n"
        "Evidence(code=each.code)\n"
    )
    slugs = {each.slug for each in Sources(tmp_path).emitted("Evidence", "code")}
    assert slugs == {"by-parameter", "plain", "yes", "no", "same-*-number", "one", "two"}
    (tmp_path / "other.py").write_text("Evidence(code=unknown())\n")
    with pytest.raises(ValueError, match="cannot tell"):
        list(Sources(tmp_path).emitted("Evidence", "code"))
