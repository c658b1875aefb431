"""The picture for a person: what stands out is coloured, and it fits into 80 columns."""

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from omnifil_devstack.watching.picture import ON_THE_WAY_IN, ON_THE_WAY_OUT, ChannelFlow, Count, Picture, Running

LAG_WARNS_S, LAG_ALARMS_S = 30, 120
"""As the alert rules `OmnifilLag` and `OmnifilLagLong` have them."""
UNANSWERED_WARNS_S, UNANSWERED_ALARMS_S = 4 * 3600, 24 * 3600
"""As the alert rules `OmnifilUnanswered` and `OmnifilUnansweredLong` have them."""


def screen(picture: Picture, height: int = 24) -> RenderableType:
    """All of it, for a terminal of this height: processes and idle groups are left out first."""
    parts: list[RenderableType] = [_head(picture), _channels(picture), _replies(picture), _standing(picture)]
    troubled = [each for each in picture.processes if not each.is_well]
    left = height - sum(_lines(part) for part in parts)
    busy = [each for each in picture.waiting if each.lag_records or (each.lag_s or 0) > 1]
    if busy:
        parts.append(_waiting(picture, max(left // 3, 2)))
        left -= min(len(busy), max(left // 3, 2)) + 1
    parts.append(_processes(picture, max(left - 2, len(troubled))))
    return Group(*parts)


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`; `–` for unknown."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f} s" if 0 < seconds < 10 else f"{seconds:.0f} s"
    for unit, length_s in (("d", 86_400), ("h", 3_600)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds / 60:.0f} min"


def _head(picture: Picture) -> Text:
    well = [each for each in picture.processes if each.is_well]
    clients = ", ".join(f"{count:.0f} {kind}" for kind, count in picture.stream_clients.items() if count) or "nobody"
    everything = len(well) == len(picture.processes)
    return Text.assemble(
        ("omnifil top  ", "bold"),
        (f"{len(well)} of {len(picture.processes)} processes well", "green" if everything else "bold red"),
        f"  connected: {clients}  ",
        (f"{picture.at[11:19]} UTC", "dim"),
        overflow="ellipsis",
        no_wrap=True,
    )


def _channels(picture: Picture) -> Table:
    table = _table()
    table.add_column("messages", style="bold", no_wrap=True, min_width=9)
    for title in (*(stage.value for stage in ON_THE_WAY_IN), "behind", "oldest", "waits"):
        table.add_column(title, justify="right", no_wrap=True)
    for flow in picture.channels:
        table.add_row(f"{flow.channel} /s", *(_rate(flow.stages[each.value]) for each in ON_THE_WAY_IN), *_ages(flow))
        totals = (Text(_total(flow.stages[each.value]), "dim") for each in ON_THE_WAY_IN)
        table.add_row(Text("  in all", "dim"), *totals)
    if not picture.channels:
        table.add_row(Text("none yet", "dim"))
    return table


def _replies(picture: Picture) -> Table:
    table = _table()
    table.add_column("replies", style="bold", no_wrap=True, min_width=9)
    for stage in ON_THE_WAY_OUT:
        table.add_column(stage.value.removeprefix("reply-"), justify="right", no_wrap=True)
    for flow in picture.channels:
        cells = (_with_rate(flow.stages[each.value]) for each in ON_THE_WAY_OUT[:-1])
        failed = flow.stages[ON_THE_WAY_OUT[-1].value]
        table.add_row(flow.channel, *cells, Text(_total(failed), "red" if failed.total else "dim"))
    return table


def _ages(flow: ChannelFlow) -> tuple[Text, Text, Text]:
    return (
        Text(_number(flow.lag_records), "yellow" if flow.lag_records > 1000 else ""),
        Text(duration(flow.lag_s), _judged(flow.lag_s, LAG_WARNS_S, LAG_ALARMS_S)),
        Text(
            duration(flow.oldest_unanswered_s) if flow.oldest_unanswered_s != 0 else "nobody",
            _judged(flow.oldest_unanswered_s or 0, UNANSWERED_WARNS_S, UNANSWERED_ALARMS_S),
        ),
    )


def _standing(picture: Picture) -> Text:
    """Relays, retries and dead letters, in a line each when there is something to say."""
    said = Text(no_wrap=False)
    for relay in picture.relays:
        style = _judged(relay.lag_s, LAG_WARNS_S, LAG_ALARMS_S)
        held = "" if relay.active == 1 else f", {relay.active} hold the lease"
        said.append(f"{relay.name} ", "bold").append(f"{duration(relay.lag_s)} behind{held}", style or "dim").append(
            "  "
        )
    retries = picture.retries
    pausing = bool(retries.per_s)
    said.append("\nretries ", "bold").append(_number(retries.total), "yellow" if pausing else "dim")
    said.append(f" (now {retries.per_s:.1f}/s)" if pausing and retries.per_s else "", "yellow")
    letters = sum(count.total for count in picture.dead_letters.values())
    said.append("  dead letters ", "bold").append(_number(letters), "red" if letters else "dim")
    if letters:
        topics = ", ".join(f"{topic} {count.total:.0f}" for topic, count in picture.dead_letters.items() if count.total)
        said.append(f" ({topics}): `omnifil dead-letter list`", "red")
    if picture.stream_behind_records > 100:
        said.append(f"  a client is {picture.stream_behind_records:.0f} events behind", "yellow")
    return said


def _waiting(picture: Picture, rows: int) -> Table:
    table = _table()
    table.add_column("waiting: group", style="bold", no_wrap=True)
    table.add_column("topic", no_wrap=True)
    for title in ("records", "oldest", "retries"):
        table.add_column(title, justify="right", no_wrap=True)
    busy = [each for each in picture.waiting if each.lag_records or (each.lag_s or 0) > 1]
    for each in busy[:rows]:
        table.add_row(
            each.group,
            each.topic,
            _number(each.lag_records),
            Text(duration(each.lag_s), _judged(each.lag_s or 0, LAG_WARNS_S, LAG_ALARMS_S)),
            _number(each.retries.total),
        )
    return table


def _processes(picture: Picture, rows: int) -> Table:
    table = _table()
    table.add_column("process", style="bold", no_wrap=True)
    for title in ("CPU", "memory", "up", "pid"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, overflow="ellipsis")
    ordered = sorted(
        picture.processes, key=lambda each: (each.alive and each.ready is not False, -(each.cpu_percent or 0))
    )
    for each in ordered[:rows]:
        table.add_row(
            each.name,
            "–" if each.cpu_percent is None else f"{each.cpu_percent:.0f} %",
            "–" if each.memory_bytes is None else f"{each.memory_bytes / 1024**2:.0f} MB",
            duration(each.up_s),
            str(each.pid),
            _readiness(each),
        )
    if len(ordered) > rows:
        table.add_row(Text(f"and {len(ordered) - rows} more", "dim"))
    return table


def _readiness(process: Running) -> Text:
    if not process.alive:
        return Text("ended; it is started again", "bold red")
    if process.ready is None:
        return Text("runs", "dim")
    return Text("ready", "green") if process.ready else Text("; ".join(process.not_ready) or "not ready", "bold red")


def _table() -> Table:
    return Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)


def _rate(count: Count) -> Text:
    if count.per_s is None:
        return Text("–", "dim")
    told = f"{count.per_s:.0f}" if count.per_s >= 10 else f"{count.per_s:.1f}"
    return Text(told, "" if count.per_s else "dim")


def _total(count: Count) -> str:
    """Nothing at all: whoever counts it does not answer, or has not begun."""
    return _number(count.total) if count.total or count.per_s is not None else "–"


def _with_rate(count: Count) -> Text:
    told = _total(count)
    return Text(f"{told} ({count.per_s:.1f}/s)" if count.per_s else told, "" if count.per_s else "dim")


def _number(value: float) -> str:
    """`999`, `12k`, `3.4M`: six characters at most."""
    if value < 10_000:
        return f"{value:.0f}"
    return f"{value / 1000:.0f}k" if value < 1_000_000 else f"{value / 1_000_000:.1f}M"


def _judged(value: float, warns: float, alarms: float) -> str:
    return "bold red" if value >= alarms else "yellow" if value >= warns else ""


def _lines(part: RenderableType) -> int:
    if isinstance(part, Table):
        return part.row_count + 1
    return len(str(part).splitlines()) or 1


def plain(picture: Picture, console: Console) -> None:
    """For a pipe or a file: everything, once."""
    console.print(screen(picture, height=200))
