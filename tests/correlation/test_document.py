"""The document keeps what was measured, and its tables are put between their marks."""

import json
from pathlib import Path

import pytest
from correlation_bench import document, sweeps
from correlation_bench.scoring import Figures
from omnifil_devstack.folders import CHECKOUT

DOCS = CHECKOUT / "docs"
TEXT = "# Title\n\n<!-- figures -->\nold\n<!-- /figures -->\n\nby hand\n\n<!-- sweep -->\n<!-- /sweep -->\n"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "correlation.md").write_text(TEXT)
    return tmp_path


def swept() -> Figures:
    each = [{"precision": 0.9, "recall": 0.8, "f1": 0.85, "impostors_inside": 0}] * 2
    found = {setting.name: {f"{value:g}": each for value in setting.values} for setting in sweeps.SETTINGS}
    return {"seeds": [1, 2], "customers": 5, "months": 1, "settings": found}


def test_a_sweep_is_kept_and_drawn_and_what_is_written_by_hand_stays(docs: Path) -> None:
    document.write(docs, {"sweep": swept()})
    text = (docs / "correlation.md").read_text()
    assert "by hand" in text
    assert "old" in text
    for setting in sweeps.SETTINGS:
        assert f"(correlation/{setting.name}.svg)" in text
        assert "<svg" in (docs / "correlation" / f"{setting.name}.svg").read_text()
    document.write(docs, {"sweep": swept()})
    assert (docs / "correlation.md").read_text() == text


def test_worlds_are_told_with_their_spread(docs: Path) -> None:
    (docs / "correlation.md").write_text("<!-- worlds -->\n<!-- /worlds -->\n")
    each = [
        {"precision": share, "recall": 0.8, "f1": 0.85, "ceiling": 0.9, "wrong_customer_links": 1}
        for share in (0.9, 0.94)
    ]
    document.write(docs, {"worlds": {"seeds": [1, 2], "customers": 5, "months": 1, "worlds": {"calm": each}}})
    assert "| calm | 0.920 (0.900–0.940) | 0.800" in (docs / "correlation.md").read_text()


def test_parts_that_were_measured_before_are_kept(docs: Path) -> None:
    document.write(docs, {"sweep": swept()})
    document.write(docs, {})
    assert json.loads((docs / "correlation" / "figures.json").read_text())["sweep"] == swept()


def test_a_document_without_its_marks_is_not_written(docs: Path) -> None:
    (docs / "correlation.md").write_text("# Title\n")
    with pytest.raises(ValueError, match="sweep"):
        document.write(docs, {"sweep": swept()})


def test_the_document_holds_the_figures_that_are_kept() -> None:
    """Who writes figures by hand, or forgets to commit what a run has written, is found out."""
    text = (DOCS / "correlation.md").read_text()
    kept = json.loads((DOCS / "correlation" / "figures.json").read_text())
    assert document.figures(kept["runs"]).strip() in text
    assert document.swept(kept["sweep"]).strip() in text
    assert document.of_worlds(kept["worlds"]).strip() in text
    assert min(each["seed"] for each in kept["runs"]["by_seed"]) > 1000
