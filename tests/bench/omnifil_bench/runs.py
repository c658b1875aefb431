"""What was measured: the one line of a run, and all runs that were kept, in `docs/benchmarks/runs.json`."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from omnifil_bench.figures import Figures, Spread

Run = dict[str, Any]
_KEPT = 12


def headline(parts: Figures) -> Figures:
    """The figures that stand for each part, as far as it was measured."""
    line: Figures = {}
    if found := parts.get("throughput"):
        line |= {
            "throughput_ratio": found["ratio"]["median"],
            "throughput_per_s": found["per_s"]["median"],
            "throughput_floor_per_s": found["floor_per_s"]["median"],
            "throughput_cpu_ratio": found["cpu_ratio"]["median"],
            "throughput_one_core_per_s": found["scaling"]["services on one core"]["median"],
        }
    if found := parts.get("latency"):
        line["latency_p99_ms"] = {rate: each["p99"]["median"] for rate, each in found["by_rate"].items()}
    if found := parts.get("isolation"):
        line |= {"isolation_ratio": found["ratio"], "isolation_ratios": found["ratios"]}
    if found := parts.get("growth"):
        ratios = {name: found[name]["ratio"] for name in ("dossiers", "timelines", "agents")}
        line |= {
            "growth_ratio": max(ratios.values()),
            "growth_ratios": ratios,
            "bytes_per_agent": found["agents"]["bytes_per_agent"],
            "reconnect_s": found["agents"]["reconnect_s"]["median"],
        }
    if found := parts.get("start"):
        line |= {
            "start_cold_s": found["cold_s"]["median"],
            "start_warm_s": found["warm_s"]["median"],
            "rebuild_dossiers_per_s": found["rebuild_made_per_s"]["median"],
            "catch_up_s": found["catch_up_s"],
        }
    return line


def spreads(parts: Figures) -> Figures:
    """Median, least and most of the rounds of this run, where there were rounds."""
    found: Figures = {}
    if part := parts.get("throughput"):
        found |= {"throughput_ratio": part["ratio"], "throughput_per_s": part["per_s"]}
    if part := parts.get("latency"):
        found["latency_p99_ms"] = {rate: each["p99"] for rate, each in part["by_rate"].items()}
    if part := parts.get("growth"):
        found["reconnect_s"] = part["agents"]["reconnect_s"]
    if part := parts.get("start"):
        found |= {"start_cold_s": part["cold_s"], "start_warm_s": part["warm_s"]}
    return found


def kept(folder: Path) -> list[Run]:
    """The runs of this folder, oldest first."""
    file = folder / "runs.json"
    runs: list[Run] = json.loads(file.read_text()) if file.exists() else []
    return runs


def keep(folder: Path, run: Run) -> list[Run]:
    """Add a run; the newest dozen stay. All of them."""
    runs = [*kept(folder), run][-_KEPT:]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "runs.json").write_text(json.dumps(runs, indent=1) + "\n")
    return runs


def newest(runs: Sequence[Run], part: str) -> Figures | None:
    """The newest measurement of this part."""
    return next((run["parts"][part] for run in reversed(runs) if part in run["parts"]), None)


def over(runs: Sequence[Run], part: str, figure: Callable[[Figures], float]) -> Spread | None:
    """One figure over all runs that measured this part."""
    values = [figure(run["parts"][part]) for run in runs if part in run["parts"]]
    return Spread.of(values) if values else None
