"""A chapter of the document for each part: the texts are in `texts/`, here are the tables that stand in them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from omnifil_bench.figures import Figures

_TEXTS = Path(__file__).parent / "texts"
_SHARE_SHOWN = 2
_FUNCTIONS_SHOWN = 8


def introduction() -> str:
    return (_TEXTS / "introduction.md").read_text()


def missed() -> str:
    """Why targets are missed; written by hand, for it takes more than figures."""
    return (_TEXTS / "missed.md").read_text()


def throughput(part: Figures) -> str:
    """Part 1."""
    costs = [(name, _ms(each), _range(each)) for name, each in part["cpu_ms_per_message"].items()]
    costs += [(f"*floor:* {name}", _ms(each), _range(each)) for name, each in part["floor_cpu_ms_per_message"].items()]
    mixes = [
        (name, f"{each['per_s']:,}", f"{each['floor_per_s']:,}", f"{each['ratio']['median']:.2f}")
        for name, each in part["mixes"].items()
    ]
    scaling = [(name, f"{each['median']:,}") for name, each in part["scaling"].items()]
    return _chapter(
        "throughput",
        part,
        mix_table=table(("messages in a conversation", "suite/s", "floor/s", "ratio"), mixes),
        scaling_table=table(("the suite", "messages/s"), scaling),
        cost_table=table(("process", "median", "least – most"), costs),
        profile_chapter=_profile(part["profile"]) if "profile" in part else "",
    )


def _profile(profile: Figures) -> str:
    groups = list(dict.fromkeys(group for each in profile.values() for group in each["groups"]))
    groups.sort(key=lambda group: -sum(each["groups"].get(group, 0) for each in profile.values()))
    shares = [
        (group, *(f"{each['groups'].get(group, 0):.0f} %" for each in profile.values()))
        for group in groups
        if max(each["groups"].get(group, 0) for each in profile.values()) >= _SHARE_SHOWN
    ]
    functions = [
        (name, "<br>".join(f"{share:.0f} % `{function}`" for function, share in _first(each["functions"])))
        for name, each in profile.items()
    ]
    return _chapter(
        "profile",
        {},
        group_table=table(("", *profile), shares),
        function_table=table(("process", "innermost functions"), functions),
    )


def latency(part: Figures) -> str:
    """Part 2."""
    rates = [
        (_rate(name), *(_median_and_range(each[which]) for which in ("p50", "p99", "p999")), f"{each['count']:,}")
        for name, each in part["by_rate"].items()
    ]
    stages = [
        (_rate(name), *(f"{stage['p50']:,} / {stage['p99']:,}" for stage in each["stages"].values()))
        for name, each in part["by_rate"].items()
    ]
    names = next(iter(part["by_rate"].values()))["stages"]
    return _chapter(
        "latency",
        part,
        rate_table=table(("rate", "p50", "p99", "p99.9", "messages"), rates),
        stage_table=table(("rate", *names), stages),
    )


def isolation(part: Figures) -> str:
    """Part 3."""
    rows = [
        (
            name,
            *(f"{part[when][name]['p50']:,} / {part[when][name]['p99']:,}" for when in ("quiet", "flooded")),
            f"{part['ratios'][name]:.2f}",
        )
        for name in part["quiet"]
    ]
    left = part["flood_left_at_the_end"]
    lasted = (
        f"{left:,} of them still waited when the last e-mail was shown, so the flood lasted all the time"
        if left > 0
        else f"all of them were through within the {part['seconds']} s that it was measured"
    )
    head = ("channel", "quiet, p50 / p99 ms", "flooded, p50 / p99 ms", "ratio of the p99")
    return _chapter("isolation", part, lasted=lasted, channel_table=table(head, rows))


def growth(part: Figures) -> str:
    """Part 4."""
    kinds = [part[name] for name in ("dossiers", "timelines")]
    units = ("dossiers", "entries")
    levels = [
        f"{level} {unit}" for kind, unit in zip(kinds, units, strict=True) for level in kind["cpu_ms_per_message"]
    ]
    costs = [
        (name, *(f"{each:.3f}" for kind in kinds for each in kind["by_process"][name].values()))
        for name in kinds[0]["by_process"]
    ]
    of_all = [f"**{_ms(each)}**" for kind in kinds for each in kind["cpu_ms_per_message"].values()]
    agents = [
        (
            level,
            f"{each['cpu_ms_per_message']:,}",
            f"{each['gateway_cpu_ms_per_message']:,}",
            f"{each['p50_ms']:,} / {each['p99_ms']:,}",
            f"{each['idle_cpu']:.2f}",
        )
        for level, each in part["agents"]["levels"].items()
    ]
    return _chapter(
        "growth",
        part,
        cost_table=table(("CPU ms of a message", *levels), [*costs, ("**all**", *of_all)]),
        agent_table=table(
            ("agents", "CPU ms of a message, all", "agent-gateway", "p50 / p99 ms", "cores used when idle"),
            agents,
        ),
    )


def start(part: Figures) -> str:
    """Part 5."""
    rows = [
        ("`omnifil up`, cold: nothing stored, Java without its ahead-of-time cache", _seconds(part["cold_s"])),
        ("`omnifil up`, warm: the same home again", _seconds(part["warm_s"])),
        ("the story, told and checked (`omnifil demo --once`)", _seconds(part["story_s"])),
        (
            f"`rebuild` of {part['rebuild_dossiers']:,} dossiers, compared with what is there",
            f"{_median_and_range(part['rebuild_compared_per_s'])} dossiers/s",
        ),
        (
            "`rebuild`, all projections lost and made anew",
            f"{_median_and_range(part['rebuild_made_per_s'])} dossiers/s",
        ),
        (
            f"both services away for an hour, at {part['outage_per_s']} messages/s ({part['outage_messages']:,}): "
            "from the start of their processes until all is caught up",
            f"{part['catch_up_s']} s, {part['catch_up_per_s']:,} messages/s; "
            f"the first entry after {part['catch_up_first_s']} s",
        ),
    ]
    return _chapter("start", part, table=table(("", "median (least – most)"), rows))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def _chapter(name: str, part: Figures, **tables: str) -> str:
    return (_TEXTS / f"{name}.md").read_text().format(**part, **tables)


def _rate(name: str) -> str:
    return f"{name}/s" if name.isdigit() else name


def _ms(spread: Figures) -> str:
    return f"{spread['median']:.3f}"


def _range(spread: Figures) -> str:
    return f"{spread['min']:.3f} – {spread['max']:.3f}"


def _seconds(spread: Figures) -> str:
    return f"{spread['median']:,} s ({spread['min']:,} – {spread['max']:,})"


def _median_and_range(spread: Figures) -> str:
    return f"{spread['median']:,} ({spread['min']:,} – {spread['max']:,})"


def _first(functions: Figures) -> list[tuple[str, float]]:
    return list(functions.items())[:_FUNCTIONS_SHOWN]
