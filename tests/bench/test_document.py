"""The document is made from the runs that were kept, and says which targets are met."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from omnifil_bench import document, runs

_SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "sample_run.json").read_text())


def a_run(seed: int, ratio: float) -> dict[str, Any]:
    run = copy.deepcopy(_SAMPLE)
    run["seed"] = seed
    run["parts"]["throughput"]["ratio"] = {"median": ratio, "min": ratio, "max": ratio, "rounds": 1}
    return run


def test_a_target_is_held_against_the_median_of_all_runs(tmp_path: Path) -> None:
    for seed, ratio in ((1, 0.95), (2, 0.7), (3, 0.85)):
        every = runs.keep(tmp_path / "benchmarks", a_run(seed, ratio))
    document.write(tmp_path, every)

    written = (tmp_path / "benchmarks.md").read_text()
    assert "| throughput, suite ÷ floor | ≥ 0.8 | 0.85 | 0.85 | 0.70 – 0.95 | yes |" in written
    assert "seeds 1, 2, 3" in written


def test_a_target_that_is_missed_is_said_to_be(tmp_path: Path) -> None:
    document.write(tmp_path, runs.keep(tmp_path / "benchmarks", a_run(1, 0.41)))

    assert (
        "| throughput, suite ÷ floor | ≥ 0.8 | 0.41 | 0.41 | – | **no** |" in (tmp_path / "benchmarks.md").read_text()
    )


def test_every_part_has_its_chapter_and_its_plot(tmp_path: Path) -> None:
    document.write(tmp_path, runs.keep(tmp_path / "benchmarks", a_run(1, 0.9)))

    written = (tmp_path / "benchmarks.md").read_text()
    for part in ("throughput", "latency", "isolation", "growth", "start"):
        assert f"](benchmarks/{part}.svg)" in written
        assert (tmp_path / "benchmarks" / f"{part}.svg").stat().st_size > 2_000
    assert "{" not in written


def test_a_part_that_was_not_measured_again_is_told_as_it_was(tmp_path: Path) -> None:
    runs.keep(tmp_path / "benchmarks", a_run(1, 0.9))
    partial = a_run(2, 0.8)
    del partial["parts"]["growth"]
    document.write(tmp_path, runs.keep(tmp_path / "benchmarks", partial))

    assert "](benchmarks/growth.svg)" in (tmp_path / "benchmarks.md").read_text()


def test_the_same_run_gives_the_same_files(tmp_path: Path) -> None:
    every = [a_run(1, 0.9)]
    document.write(tmp_path, every)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    document.write(tmp_path, every)

    assert before == {file: file.read_bytes() for file in before}


@pytest.mark.parametrize("figure", [
    "throughput_ratio", "throughput_per_s", "latency_p99_ms", "isolation_ratio", "growth_ratio", "bytes_per_agent",
    "start_cold_s", "start_warm_s",
])  # fmt: skip
def test_the_line_has_the_figures_that_were_asked_for(figure: str) -> None:
    assert runs.headline(_SAMPLE["parts"])[figure]
