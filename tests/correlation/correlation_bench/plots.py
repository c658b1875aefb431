"""The plots of `docs/correlation.md`."""

from functools import partial
from pathlib import Path
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from omnifil_bench.plots import LIMIT, PALETTE, SUITE, save

from correlation_bench.scoring import Figures
from correlation_bench.sweeps import SETTINGS, Setting

PRECISION, RECALL = 0.98, 0.90
"""What is aimed at."""


def draw(folder: Path, swept: Figures) -> list[str]:
    """One plot for each setting that was tried; the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for setting in SETTINGS:
        if setting.name in swept["settings"]:
            save(folder / f"{setting.name}.svg", partial(by_setting, setting, swept["settings"][setting.name]))
            drawn.append(f"{setting.name}.svg")
    return drawn


def by_setting(setting: Setting, found: Figures) -> Figure:
    """Left: precision and recall by the setting; right: the one against the other."""
    figure = Figure(figsize=(9.4, 3.4), layout="constrained")
    by_value, against = figure.subplots(1, 2)
    values = [float(value) for value in found]
    for name, colour, aim in (("precision", SUITE, PRECISION), ("recall", PALETTE[4], RECALL)):
        means = [fmean(each[name] for each in seeds) for seeds in found.values()]
        lows = [min(each[name] for each in seeds) for seeds in found.values()]
        highs = [max(each[name] for each in seeds) for seeds in found.values()]
        by_value.plot(values, means, color=colour, marker="o", markersize=3, label=name)
        by_value.fill_between(values, lows, highs, color=colour, alpha=0.15, linewidth=0)
        by_value.axhline(aim, color=colour, linewidth=0.8, linestyle="--")
    by_value.axvline(setting.usual, color=LIMIT, linewidth=0.8, linestyle=":")
    by_value.set_xlabel(f"{setting.label} (dotted: as it comes)")
    by_value.set_title("Pairs (band: least to most of the seeds; dashed: aimed at)")
    by_value.legend(frameon=False)
    _against(against, found)
    return figure


def _against(axes: Axes, found: Figures) -> None:
    points = {
        value: (fmean(each["recall"] for each in seeds), fmean(each["precision"] for each in seeds))
        for value, seeds in found.items()
    }
    axes.plot(*zip(*points.values(), strict=True), color=SUITE, marker="o", markersize=3)
    for value, point in points.items():
        axes.annotate(value, point, (4, 3), textcoords="offset points", fontsize=8)
    axes.axhline(PRECISION, color=LIMIT, linewidth=0.8, linestyle="--")
    axes.axvline(RECALL, color=LIMIT, linewidth=0.8, linestyle="--")
    axes.set_xlabel("recall")
    axes.set_title("precision")
