"""`docs/benchmarks.md`, written anew by every run from all the runs that were kept."""

from collections.abc import Callable, Sequence
from pathlib import Path

from omnifil_bench import chapters, plots
from omnifil_bench.figures import Figures
from omnifil_bench.options import PARTS
from omnifil_bench.runs import Run, newest, over

_TARGETS: tuple[tuple[str, str, str, Callable[[Figures], float], str], ...] = (
    ("throughput", "throughput, suite ÷ floor", "≥ 0.8", lambda part: part["ratio"]["median"], "{:.2f}"),
    ("throughput", "throughput, messages/s", "", lambda part: part["per_s"]["median"], "{:,.0f}"),
    ("throughput", "the floor, messages/s", "", lambda part: part["floor_per_s"]["median"], "{:,.0f}"),
    ("latency", "webhook to screen, p99 at 50/s, ms", "", lambda part: _p99(part, "50"), "{:,.0f}"),
    ("latency", "webhook to screen, p99 at 200/s, ms", "< 50", lambda part: _p99(part, "200"), "{:,.0f}"),
    ("latency", "webhook to screen, p99 at 500/s, ms", "", lambda part: _p99(part, "500"), "{:,.0f}"),
    ("isolation", "e-mail's p99, flooded ÷ quiet", "≤ 1.5", lambda part: part["ratios"]["email"], "{:.2f}"),
    ("isolation", "chat's p99, flooded ÷ quiet", "≤ 1.5", lambda part: part["ratios"]["chat"], "{:.2f}"),
    ("growth", "cost of a message, 10⁶ ÷ 10⁴ dossiers", "≤ 1.3", lambda part: part["dossiers"]["ratio"], "{:.2f}"),
    ("growth", "…, timelines of 10,000 ÷ 10 entries", "≤ 1.3", lambda part: part["timelines"]["ratio"], "{:.2f}"),
    ("growth", "…, 2,000 ÷ 10 agents connected", "≤ 1.3", lambda part: part["agents"]["ratio"], "{:.2f}"),
    ("growth", "memory of an agent, kB", "", lambda part: part["agents"]["bytes_per_agent"] / 1000, "{:,.0f}"),
    ("growth", "1,000 agents come back at once, s", "", lambda part: part["agents"]["reconnect_s"]["median"], "{:.1f}"),
    ("start", "start, cold, s", "", lambda part: part["cold_s"]["median"], "{:.1f}"),
    ("start", "start, warm, s", "", lambda part: part["warm_s"]["median"], "{:.1f}"),
    ("start", "rebuild, dossiers/s", "", lambda part: part["rebuild_made_per_s"]["median"], "{:,.0f}"),
    ("start", "catch-up after an hour at 5/s, s", "", lambda part: part["catch_up_s"], "{:.0f}"),
)


def write(docs: Path, runs: Sequence[Run]) -> None:
    """The document and its plots, from these runs (oldest first)."""
    parts = {name: found for name in PARTS if (found := newest(runs, name)) is not None}
    plots.draw(docs / "benchmarks", parts)
    (docs / "benchmarks.md").write_text(text(runs, parts))


def text(runs: Sequence[Run], parts: Figures) -> str:
    """The document; each part as it was measured last, the targets over all runs."""
    written = [chapters.introduction(), _machine(runs), _overview(runs), chapters.missed()]
    tellers = {
        "throughput": chapters.throughput,
        "latency": chapters.latency,
        "isolation": chapters.isolation,
        "growth": chapters.growth,
        "start": chapters.start,
    }
    written += [tellers[name](found) for name, found in parts.items()]
    return "\n".join(part.strip("\n") + "\n" for part in written)


def _machine(runs: Sequence[Run]) -> str:
    last, facts = runs[-1], runs[-1]["machine"]
    seeds = ", ".join(str(run["seed"]) for run in runs)
    busy = [run for run in runs if run["machine"]["load"] > 0.5 * run["machine"]["cores"]]
    told = (
        f"Last run: {last['at'][:10]}, {facts['cores']} cores ({facts['cpu']}), {facts['memory_gb']} GB, Linux "
        f"{facts['kernel']}, Python {facts['python']}, Kafka {facts['kafka']}, MongoDB {facts['mongod']} (a replica "
        f"set of one, journaled), all on the same cores, the load too. Runs: {len(runs)}, with the seeds {seeds}."
    )
    if busy:
        told += (
            f" **{len(busy)} of them began on a machine that was busy with other things** (load "
            f"{', '.join(str(run['machine']['load']) for run in busy)}): their absolute figures say little."
        )
    return told + "\n"


def _overview(runs: Sequence[Run]) -> str:
    rows = []
    for part, name, target, figure, style in _TARGETS:
        try:
            spread = over(runs, part, figure)
        except KeyError:
            continue  # a short run leaves some levels out
        if spread is not None:
            of_all = f"{style.format(spread.low)} – {style.format(spread.high)}" if len(spread.rounds) > 1 else "–"
            met = _met(target, spread.median)
            rows.append((name, target, style.format(spread.rounds[-1]), style.format(spread.median), of_all, met))
    head = ("figure", "target", "last run", "median of the runs", "least – most", "met")
    return "## The targets\n\n" + chapters.table(head, rows)


def _met(target: str, value: float) -> str:
    if not target:
        return ""
    limit = float(target.split()[1])
    return "yes" if (value >= limit if target.startswith("≥") else value <= limit) else "**no**"


def _p99(part: Figures, rate: str) -> float:
    return float(part["by_rate"][rate]["p99"]["median"])
