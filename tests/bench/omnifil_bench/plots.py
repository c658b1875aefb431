"""The plots of `docs/benchmarks.md`, as SVG files that stay the same for the same figures."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from omnifil_bench.figures import Figures

SUITE, _FLOOR, _QUIET, LIMIT = "#2c5bd4", "#9aa4b2", "#7fb069", "#c0392b"
PALETTE = ("#2c5bd4", "#7aa2f7", "#0f766e", "#5fb3a1", "#b45309", "#f0b35b", "#9aa4b2")
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "omnifil",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#e5e7eb",
}


def draw(folder: Path, parts: Figures) -> list[str]:
    """One plot for each part that was measured; the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    drawings = {"throughput": throughput, "latency": latency, "isolation": isolation, "growth": growth, "start": start}
    for name, drawing in drawings.items():
        if name in parts:
            save(folder / f"{name}.svg", partial(drawing, parts[name]))
            drawn.append(f"{name}.svg")
    return drawn


def save(file: Path, drawing: Callable[[], Figure]) -> None:
    """Drawn and saved in the one style."""
    with mpl.rc_context(STYLE):
        drawing().savefig(file, metadata={"Date": None, "Creator": None})


def throughput(part: Figures) -> Figure:
    figure, (rates, costs) = _two(4.2)
    names = list(part["mixes"])
    _bars(rates, [name.replace(", ", ",\n") for name in names], {
        "suite": [part["mixes"][name]["per_s"] for name in names],
        "floor": [part["mixes"][name]["floor_per_s"] for name in names],
    }, (SUITE, _FLOOR))  # fmt: skip
    rates.set_title("Messages a second, by messages in a conversation")
    rates.margins(y=0.18)
    for at, name in enumerate(names):
        top = max(part["mixes"][name]["per_s"], part["mixes"][name]["floor_per_s"])
        rates.annotate(f"× {part['mixes'][name]['ratio']['median']:.2f}", (at, top), (0, 3), textcoords="offset points",
                       ha="center", color=SUITE)  # fmt: skip
    _stacked(costs, {
        "suite": {name: each["median"] for name, each in part["cpu_ms_per_message"].items() if name != "all"},
        "floor": {name: each["median"] for name, each in part["floor_cpu_ms_per_message"].items() if name != "all"},
    })  # fmt: skip
    costs.set_title("CPU time of a message, ms (s of 1,000 messages)")
    return figure


def latency(part: Figures) -> Figure:
    figure, (times, stages) = _two(4.0)
    rates = list(part["by_rate"])
    shades = {"p50": "#bcd0fb", "p99": SUITE, "p999": "#14307a"}
    _bars(times, [_rate(rate) for rate in rates], {
        each.replace("p999", "p99.9"): [part["by_rate"][rate][each]["median"] for rate in rates] for each in shades
    }, tuple(shades.values()))  # fmt: skip
    for number, each in enumerate(shades):
        for at, rate in enumerate(rates):
            spread = part["by_rate"][rate][each]
            times.plot([at + (number - 1) * 0.27] * 2, [spread["min"], spread["max"]], color="#111827", linewidth=1)
    times.set_yscale("log")
    times.axhline(50, color=LIMIT, linewidth=1, linestyle="--")
    times.annotate("50 ms", (-0.45, 50), (0, 2), textcoords="offset points", color=LIMIT)
    times.yaxis.set_major_formatter(ScalarFormatter())
    times.yaxis.set_minor_formatter(NullFormatter())
    times.set_title("Webhook to screen, ms (lines: least to most)")
    _stacked(stages, {
        _rate(rate): {stage: each["p50"] for stage, each in part["by_rate"][rate]["stages"].items()}
        for rate in rates if rate.isdigit()
    })  # fmt: skip
    stages.set_title("The p50 of each stage, ms")
    return figure


def isolation(part: Figures) -> Figure:
    figure = Figure(figsize=(6.2, 3.2), layout="constrained")
    axes = figure.subplots()
    names = list(part["quiet"])
    _bars(axes, names, {
        "quiet": [part["quiet"][name]["p99"] for name in names],
        "flooded": [part["flooded"][name]["p99"] for name in names],
    }, (_QUIET, SUITE))  # fmt: skip
    for at, name in enumerate(names):
        limit = part["quiet"][name]["p99"] * 1.5
        axes.plot([at - 0.42, at + 0.42], [limit, limit], color=LIMIT, linewidth=1, linestyle="--",
                  label="1.5 × quiet" if at == 0 else None)  # fmt: skip
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axes.set_title(f"p99 during a flood of {part['flood']:,} on social, ms")
    return figure


def growth(part: Figures) -> Figure:
    figure = Figure(figsize=(9.4, 3.2), layout="constrained")
    panels = figure.subplots(1, 3)
    for axes, name in zip(panels, ("dossiers", "timelines"), strict=False):
        levels = list(part[name]["cpu_ms_per_message"])
        found = part[name]["cpu_ms_per_message"]
        axes.bar(levels, [found[level]["median"] for level in levels], color=SUITE, width=0.5)
        for at, level in enumerate(levels):
            axes.plot([at, at], [found[level]["min"], found[level]["max"]], color="#111827", linewidth=1)
        limit = found[levels[0]]["median"] * 1.3
        axes.axhline(limit, color=LIMIT, linewidth=1, linestyle="--")
        axes.set_xlabel("dossiers" if name == "dossiers" else "entries in the timeline")
    panels[0].set_title("CPU ms per message, all processes (dashed: 1.3 ×)", loc="left")
    found = part["agents"]["levels"]
    levels, gateway = list(found), [each["gateway_cpu_ms_per_message"] for each in found.values()]
    rest = [each["cpu_ms_per_message"] - each["gateway_cpu_ms_per_message"] for each in found.values()]
    panels[2].bar(levels, rest, color=SUITE, width=0.5, label="the rest")
    panels[2].bar(levels, gateway, bottom=rest, color=PALETTE[4], width=0.5, label="agent-gateway")
    panels[2].set_xlabel("agents who see every message")
    panels[2].legend(frameon=False)
    return figure


def start(part: Figures) -> Figure:
    figure, (seconds, rates) = _two(2.6)
    shown = {"cold": part["cold_s"], "warm": part["warm_s"], "the story": part["story_s"]}
    seconds.bar(list(shown), [each["median"] for each in shown.values()], color=SUITE, width=0.5)
    for at, each in enumerate(shown.values()):
        seconds.plot([at, at], [each["min"], each["max"]], color="#111827", linewidth=1)
    seconds.set_title("Until all is ready, s")
    found = {
        "rebuild,\ncompared": part["rebuild_compared_per_s"]["median"],
        "rebuild,\nmade anew": part["rebuild_made_per_s"]["median"],
        "catch-up": part["catch_up_per_s"],
    }
    rates.bar(list(found), list(found.values()), color=PALETTE[2], width=0.5)
    rates.set_title("Dossiers, messages a second")
    return figure


def _two(height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(9.4, height), layout="constrained")
    return figure, figure.subplots(1, 2)


def _bars(axes: Axes, names: Sequence[str], series: dict[str, list[float]], colours: Sequence[str]) -> None:
    width = 0.8 / len(series)
    for number, (label, values) in enumerate(series.items()):
        shift = (number - (len(series) - 1) / 2) * width
        axes.bar([at + shift for at in range(len(names))], values, width, label=label, color=colours[number])
    axes.set_xticks(range(len(names)), list(names))
    axes.legend(frameon=False)


def _stacked(axes: Axes, rows: dict[str, dict[str, float]]) -> None:
    """Horizontal, the first row on top."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    labels, left = list(rows), [0.0] * len(rows)
    for number, name in enumerate(names):
        values = [row.get(name, 0.0) for row in rows.values()]
        axes.barh(labels, values, left=left, label=name, color=PALETTE[number % len(PALETTE)], height=0.55)
        left = [start_ + value for start_, value in zip(left, values, strict=True)]
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", color="#e5e7eb")
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.08))


def _rate(name: str) -> str:
    return f"{name}/s" if name.isdigit() else name
