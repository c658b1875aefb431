"""The table of docs/operating.md and the code say the same about metrics."""

import ast
import importlib
import re
from pathlib import Path

from omnifil_servicekit.metrics import Stage
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "operating.md").read_text()
SOURCES = [
    source for folder in ("libs", "services") for source in (ROOT / folder).glob("*/src/**/*.py") if source.is_file()
]
KINDS = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}
DECLARING = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
IDENTIFYING = {"message", "dossier", "customer", "conversation", "agent", "identity", "name", "address"}

Described = dict[str, tuple[str, tuple[str, ...]]]
"""By name: type, labels."""


def documented() -> Described:
    rows = re.findall(r"^\| `(omnifil_\w+)` \| (\w+) \| (.*?) \|", DOCUMENT, re.MULTILINE)
    return {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def declared() -> Described:
    found: Described = {}
    for source in SOURCES:
        if source.name != "metrics.py":
            continue
        module = importlib.import_module(f"{source.parent.name}.metrics")
        for metric in vars(module).values():
            if isinstance(metric, MetricWrapperBase):
                suffix = "_total" if isinstance(metric, Counter) else ""
                found[metric._name + suffix] = (KINDS[type(metric)], tuple(metric._labelnames))
    return found


def test_every_metric_is_documented_and_every_documented_metric_exists() -> None:
    assert len(declared()) > 20
    assert declared() == documented()


def test_every_stage_is_documented() -> None:
    [table] = re.findall(r"^\| stage \|.*?\n\n", DOCUMENT, re.MULTILINE | re.DOTALL)
    told = [
        stage for line in table.strip().splitlines()[2:] for stage in re.findall(r"`([a-z-]+)`", line.split("|")[1])
    ]
    assert sorted(told) == sorted(Stage)


def test_no_label_holds_who_or_what() -> None:
    assert not {label for _, labels in declared().values() for label in labels} & IDENTIFYING


def test_metrics_are_declared_in_modules_of_that_name_only() -> None:
    elsewhere = [
        source.relative_to(ROOT).as_posix()
        for source in SOURCES
        if source.name != "metrics.py"
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("prometheus_client")
        if {alias.name for alias in node.names} & DECLARING
    ]
    assert elsewhere == []
