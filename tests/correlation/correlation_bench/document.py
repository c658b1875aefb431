"""`docs/correlation.md`: its text is written by hand, its figures by runs, between marks."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from omnifil_bench.chapters import table

from correlation_bench import plots
from correlation_bench.scoring import Figures

_MARK = "<!-- {end}{name} -->"


def write(docs: Path, parts: Mapping[str, Figures]) -> None:
    """Keep the parts that were measured, beside those that were before; put the tables and plots of all in place."""
    folder = docs / "correlation"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "figures.json"
    kept = {**(json.loads(file.read_text()) if file.exists() else {}), **parts}
    file.write_text(json.dumps(kept, indent=1) + "\n")
    text = (docs / "correlation.md").read_text()
    if "runs" in kept:
        text = placed(text, "figures", figures(kept["runs"]))
    if "sweep" in kept:
        plots.draw(folder, kept["sweep"])
        text = placed(text, "sweep", swept(kept["sweep"]))
    if "worlds" in kept:
        text = placed(text, "worlds", of_worlds(kept["worlds"]))
    (docs / "correlation.md").write_text(text)


def placed(text: str, name: str, written: str) -> str:
    """The document with this between its marks. Raises ValueError where they are missing."""
    begin, end = _MARK.format(end="", name=name), _MARK.format(end="/", name=name)
    between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    changed, times = between.subn(lambda _: f"{begin}\n\n{written.strip()}\n\n{end}", text)
    if times != 1:
        raise ValueError(f"{begin} and {end} should stand in the document once.")
    return changed


def figures(runs: Figures) -> str:
    """What the evaluation seeds gave."""
    seeds: Sequence[Figures] = runs["by_seed"]
    about = (
        f"`{runs['command']}` on {runs['at']}: seeds {seeds[0]['seed']} to {seeds[-1]['seed']}, "
        f"{sum(each['people'] for each in seeds):,} people, {sum(each['matters'] for each in seeds):,} matters, "
        f"{sum(each['messages'] for each in seeds):,} messages. Means over the seeds; in brackets least and most."
    )
    told = {
        "thread": "baseline: one dossier per thread",
        "customer": "baseline: one dossier per customer",
        "ceiling": "never an error, customers as they are known",
    }
    rows = [
        ("**all pairs**", *_row(seeds)),
        ("within one thread of a channel", *_row(seeds, "within_conversations")),
        ("across threads", *_row(seeds, "across_conversations")),
        *((told[name], *_row(seeds, "baselines", name)) for name in told),
        ("all pairs, where agents accept right suggestions", *_row(seeds, "with_agents")),
    ]
    channels = [(name, *_row(seeds, "by_channels", name)) for name in _names(seeds, "by_channels")]
    rules = [(f"`{name}`", *_row(seeds, "by_rule", name)) for name in _names(seeds, "by_rule")]
    head = ("", "precision", "recall", "F1")
    return "\n".join(
        [
            about,
            "",
            table(head, rows),
            "",
            table(("figure", "sum over the seeds"), _counts(seeds)),
            "",
            "By the two channels of a pair:",
            "",
            table(head, channels),
            "",
            "By the rule that placed the later message of a pair:",
            "",
            table(head, rules),
        ]
    )


def swept(sweep: Figures) -> str:
    """The plots, and what they were drawn from."""
    seeds = ", ".join(str(seed) for seed in sweep["seeds"])
    lines = [f"Seeds {seeds} (for tuning), {sweep['customers']} people each, {sweep['months']:g} months."]
    for name in sweep["settings"]:
        lines += ["", f"![by {name}](correlation/{name}.svg)"]
    return "\n".join(lines)


def of_worlds(measured: Figures) -> str:
    """The same with other rates."""
    names = ("precision", "recall", "f1", "ceiling")
    rows = []
    for world, figures_of in measured["worlds"].items():
        wrong = sum(each["wrong_customer_links"] for each in figures_of)
        rows.append((world, *(_spread([each[name] for each in figures_of]) for name in names), wrong))
    seeds = ", ".join(str(seed) for seed in measured["seeds"])
    about = f"Seeds {seeds} (for tuning), {measured['customers']} people each, {measured['months']:g} months."
    head = ("", "precision", "recall", "F1", "recall of who never errs", "wrong customer links")
    return f"{about}\n\n{table(head, rows)}"


def _row(seeds: Sequence[Figures], *path: str) -> tuple[str, str, str]:
    """The part of the figures that this path leads to, where a seed has it."""
    found = []
    for seed in seeds:
        part: Figures | None = seed
        for name in path:
            part = part.get(name) if part is not None else None
        if part is not None:
            found.append(part)
    precision, recall, f1 = (_spread([each[name] for each in found]) for name in ("precision", "recall", "f1"))
    return precision, recall, f1


def _spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{fmean(values):.3f} ({min(values):.3f}–{max(values):.3f})"


def _names(seeds: Sequence[Figures], part: str) -> list[str]:
    return sorted({name for seed in seeds for name in seed[part]})


def _counts(seeds: Sequence[Figures]) -> list[tuple[str, str]]:
    def total(name: str) -> int:
        return sum(int(each[name]) for each in seeds)

    def suggested(name: str) -> str:
        of_each = [each["suggestions"].get(name, {"offered": 0, "right": 0}) for each in seeds]
        offered, right = (sum(each[part] for each in of_each) for part in ("offered", "right"))
        return f"{name}: {offered} offered, {right} right"

    machines = [sum(each["machines"][name] for each in seeds) for name in ("messages", "reopened", "live_dossiers")]
    inside = [f"{total(name)}; **{total(f'{name}_inside')}**" for name in ("impostors", "outsiders")]
    followed = _spread([each["recall_with_follow_ups"] for each in seeds])
    known = _spread([each["recall_where_known"] for each in seeds])
    return [
        ("impostors who tried; messages of theirs inside a dossier", inside[0]),
        ("… of those in the name of an address whose mail never proves anything", f"{total('inside_unprovable')}"),
        ("third persons who forwarded a thread with its token; inside", inside[1]),
        ("handles linked by themselves to a wrong customer", f"**{total('wrong_customer_links')}**"),
        ("auto-replies, bounces, list mail; dossiers that they reopened; left live", "; ".join(map(str, machines))),
        ("suggestions", "; ".join(suggested(name) for name in ("same-customer", "same-matter"))),
        ("precision and recall per person (mean over persons)", _macro(seeds)),
        ("recall of pairs that are one customer's as far as is known", known),
        ("recall, a follow-up taken as one with what it follows", followed),
        ("CPU ms per message: who is it, which dossier", _ms(seeds)),
    ]


def _macro(seeds: Sequence[Figures]) -> str:
    return ", ".join(_spread([each["per_person"][name] for each in seeds]) for name in ("precision", "recall"))


def _ms(seeds: Sequence[Figures]) -> str:
    return ", ".join(f"{fmean(each['ms'][name] for each in seeds):.2f}" for name in ("identify", "correlate"))
