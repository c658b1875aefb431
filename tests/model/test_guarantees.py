"""`docs/guarantees.md` names only what there is: tests, files, invariants, protections, settings, retention."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from omnifil_contracts.topics import DEAD_LETTER_RETENTION, REGISTRY

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/guarantees.md").read_text()
MODELS = "".join(file.read_text() for file in (ROOT / "docs/model").glob("*.tla"))
TESTS = [file for folder in ("libs", "services", "tests") for file in (ROOT / folder).rglob("tests/**/*.py")]
TESTS += list((ROOT / "tests").rglob("*.py"))


def section(title: str) -> str:
    return DOCUMENT.split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", DOCUMENT))
    defined = set(re.findall(r"def (test_\w+)\(", "".join(file.read_text() for file in TESTS)))
    assert len(named) > 50
    assert named <= defined, sorted(named - defined)


def test_every_file_that_is_named_exists() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", DOCUMENT) if "://" not in link]
    missing = [link for link in links if not (ROOT / "docs" / link).exists()]
    paths = re.findall(r"`((?:libs|services|tests|docs)/[\w./-]+)`", DOCUMENT)
    missing += [path for path in paths if not (ROOT / path).exists()]
    assert paths
    assert not missing


def test_every_invariant_that_is_named_is_checked() -> None:
    named = set(re.findall(r"model((?: `[A-Z]\w+`,?)+)", DOCUMENT))
    invariants = {name for group in named for name in re.findall(r"\w+", group)}
    checked = "".join(file.read_text() for file in (ROOT / "docs/model").glob("*.cfg"))
    assert invariants
    assert [name for name in invariants if not re.search(rf"(INVARIANTS|PROPERTY).*\b{name}\b", checked)] == []


def test_every_protection_of_the_models_is_taken_away_and_listed() -> None:
    known = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', MODELS)) - {
        "look-up", "has-cursor", "has-snapshot", "lease-ignored",
    }  # fmt: skip
    tried = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', (ROOT / "tests/model/test_protocol.py").read_text()))
    listed = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", section("Broken on purpose, and what catches it")))
    assert known == tried - {"lease-ignored"} == listed


def test_every_promise_that_chaos_is_said_to_break_can_be_broken() -> None:
    named = set(re.findall(r"--break ([a-z-]+)`", DOCUMENT))
    known = (ROOT / "tests/chaos/chaos_broken/sitecustomize.py").read_text()
    assert named
    assert [name for name in named if f'"{name}"' not in known] == []


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"`(OMNIFIL_[A-Z_]+)`", DOCUMENT))))
def test_every_setting_that_is_named_is_documented_where_it_belongs(variable: str) -> None:
    readmes = (
        "".join(file.read_text() for file in ROOT.glob("*/*/README.md")) + (ROOT / "docs/operating.md").read_text()
    )
    shortened = re.sub(r"^OMNIFIL_[A-Z]+_", "…_", variable)
    assert variable in readmes or shortened in readmes


@pytest.mark.parametrize("topic", REGISTRY, ids=lambda topic: topic.name)
def test_topics_are_kept_as_long_as_it_says(topic: object) -> None:
    from omnifil_contracts.topics import Topic

    assert isinstance(topic, Topic)
    row = next(line for line in section("Under which settings").splitlines() if f"`{topic.name}`" in line)
    said = row.split("|")[2]
    if topic.retention is None:
        assert "for ever" in said
    elif topic.retention < timedelta(days=1):
        assert f"{topic.retention // timedelta(minutes=1)} minutes" in said
    else:
        assert f"{topic.retention.days} days" in said


def test_dead_letters_are_kept_as_long_as_it_says() -> None:
    assert f"| `<topic>.dead-letter` | {DEAD_LETTER_RETENTION.days} days |" in DOCUMENT
