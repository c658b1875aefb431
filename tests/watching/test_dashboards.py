"""Dashboards and alerts ask only for what the services have, agree with each other, and are what their tools want."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from metric_inspection.promql import NotUnderstood, Selector, asked, without_variables
from metric_inspection.served import missing, served
from omnifil_devstack.watching import picture, screen
from omnifil_servicekit.metrics import Client, Stage

ROOT = Path(__file__).parents[2]
BOARDS = sorted((ROOT / "deploy/dashboards").glob("*.json"))
RULES = sorted((ROOT / "deploy/alerts").glob("*.yaml"))
RULE_TESTS = sorted((ROOT / "deploy/alerts/tests").glob("*.yaml"))
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="no promtool: install Debian's package prometheus")


def board_of(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text()))


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def alerts() -> list[dict[str, Any]]:
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def board_queries() -> list[tuple[str, str]]:
    """Where each query of a dashboard stands, and the query; of a variable what stands in `label_values(…)`."""
    found: list[tuple[str, str]] = []
    for file in BOARDS:
        board = board_of(file)
        for panel in panels(board):
            found += [(f"{file.stem}: {panel['title']}", target["expr"]) for target in panel.get("targets", [])]
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                inner = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
                assert inner, variable["query"]
                found.append((f"{file.stem}: ${variable['name']}", f"sum by ({inner[2]}) ({inner[1]})"))
    return found


def queries() -> list[tuple[str, str]]:
    return board_queries() + [(rule["alert"], rule["expr"]) for rule in alerts()]


@pytest.mark.parametrize(("place", "expression"), queries(), ids=[place for place, _ in queries()])
def test_only_metrics_and_labels_are_asked_for_that_a_service_has(place: str, expression: str) -> None:
    assert missing(expression, served()) == []
    assert asked(expression).selectors


def test_every_metric_of_the_suite_is_looked_at_somewhere() -> None:
    looked_at = {selector.metric for _, query in queries() for selector in asked(query).selectors}
    assert families(served()) - families(looked_at) == set()


@pytest.mark.parametrize(("label", "values"), [("stage", list(Stage)), ("kind", list(Client))])
def test_a_label_is_asked_only_for_values_that_it_has(label: str, values: list[str]) -> None:
    asks = [match for _, query in queries() for match in re.findall(rf'\b{label}=(~?)"([^"]*)"', query)]
    assert asks
    for regex, wanted in asks:
        assert any(re.fullmatch(wanted, value) if regex else wanted == value for value in values), wanted


def test_top_reads_only_what_there_is() -> None:
    assert set(picture.NAMED_METRICS) <= served().keys()


@pytest.mark.parametrize(
    "wrong",
    [
        "omnifil_lags_seconds > 30",
        "sum(rate(omnifil_messages[5m]))",
        'max by (group) (omnifil_lag_seconds{channel="email"})',
        "sum by (chanel) (rate(omnifil_messages_total[5m]))",
        "histogram_quantile(0.99, sum by (channel, le) (rate(omnifil_message_seconds_count[5m])))",
        'up{job="omnifil", servce="x"} == 0',
        "omnifil_lag_records and on (queue) omnifil_lag_seconds",
    ],
)
def test_a_metric_or_label_that_nobody_has_is_noticed(wrong: str) -> None:
    assert missing(wrong, served())


def test_a_metric_that_is_renamed_is_missed() -> None:
    known = served()
    for family in families(known):
        without = {name: labels for name, labels in known.items() if families([name]) != {family}}
        assert any(missing(query, without) for _, query in queries()), family


def families(names: Iterable[str]) -> set[str]:
    """The suite's own metrics, whatever series they have."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names if name.startswith("omnifil_")}


def test_an_expression_is_read_as_prometheus_reads_it() -> None:
    read = asked(
        'sum by (a, b) (rate(one{x="y{z}", v=~"or|and"}[$__rate_interval] offset 5m)) / on (c) group_left (d) two > 1e3'
    )
    assert read.selectors == (Selector("one", frozenset({"x", "v"})), Selector("two", frozenset()))
    assert read.grouping == {"a", "b", "c", "d"}
    for beyond in ('{__name__="one"}', "one ; two", 'one{x="y"'):
        with pytest.raises(NotUnderstood):
            asked(beyond)


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_a_dashboard_is_what_grafana_takes(file: Path) -> None:
    board = board_of(file)
    assert board["schemaVersion"] >= 36
    assert re.fullmatch(r"[a-z0-9-]{1,40}", board["uid"])
    assert board["title"]
    assert board["description"]
    assert "id" not in board, "Grafana gives ids itself; a fixed one overwrites another dashboard"
    ids = [panel["id"] for panel in panels(board)]
    assert len(ids) == len(set(ids))
    first, *others = board["templating"]["list"]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    known = {"datasource", "__rate_interval", "__range", *(variable["name"] for variable in others)}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps([board["panels"], others]))) - {"__all"} <= known
    taken: set[tuple[int, int]] = set()
    for panel in panels(board):
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, f"{panel['title']} lies over another panel"
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None
        refs = [target["refId"] for target in panel["targets"]]
        assert len(refs) == len(set(refs)) > 0
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_dashboards_do_not_share_their_names() -> None:
    boards = [board_of(file) for file in BOARDS]
    assert len({board["uid"] for board in boards}) == len({board["title"] for board in boards}) == len(boards) >= 3


def limits() -> dict[str, set[float]]:
    """By metric, where its alerts begin: `max by (…) (metric) > 30`."""
    found: dict[str, set[float]] = {}
    for rule in alerts():
        if match := re.fullmatch(r"max(?: by \([\w, ]+\))? \((\w+)\) > (\d+)|max\((\w+)\) > (\d+)", rule["expr"]):
            found.setdefault(match[1] or match[3], set()).add(float(match[2] or match[4]))
    return found


def test_thresholds_are_those_of_the_alerts() -> None:
    of_alerts, compared = limits(), set()
    for file in BOARDS:
        for panel in panels(board_of(file)):
            steps = panel.get("fieldConfig", {}).get("defaults", {}).get("thresholds", {}).get("steps", [])
            for target in panel.get("targets", []):
                asks = asked(target["expr"]).selectors
                if (
                    len(asks) == 1
                    and asks[0].metric in of_alerts
                    and target["expr"].startswith("max")
                    and len(steps) > 1
                ):
                    assert {step["value"] for step in steps[1:]} == of_alerts[asks[0].metric], panel["title"]
                    compared.add(asks[0].metric)
    assert compared == of_alerts.keys() - set()
    assert of_alerts["omnifil_lag_seconds"] == {screen.LAG_WARNS_S, screen.LAG_ALARMS_S}
    waits = {screen.UNANSWERED_WARNS_S, screen.UNANSWERED_ALARMS_S}
    assert of_alerts["omnifil_oldest_unanswered_seconds"] == waits


def test_every_alert_has_a_runbook_that_is_there() -> None:
    guide = (ROOT / "docs/operating.md").read_text()
    anchors = {
        re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")) for title in re.findall(r"^#+ (.+)$", guide, re.M)
    }
    for rule in alerts():
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (file, anchor in anchors) == ("docs/operating.md", True), rule["alert"]
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("warning", "critical")


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [str(PROMTOOL), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@needs_promtool
def test_promtool_takes_the_rules() -> None:
    checked = promtool("check", "rules", *map(str, RULES))
    assert checked.returncode == 0, checked.stdout + checked.stderr


@needs_promtool
@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_only_then(file: Path) -> None:
    tested = promtool("test", "rules", str(file))
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_been_seen_to_fire() -> None:
    fired = {
        case["alertname"]
        for file in RULE_TESTS
        for each in yaml.safe_load(file.read_text())["tests"]
        for case in each["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert fired == {rule["alert"] for rule in alerts()}


@needs_promtool
@pytest.mark.parametrize("rule", [rule["alert"] for rule in alerts()])
def test_an_alert_that_never_fires_is_noticed_by_its_test(rule: str, tmp_path: Path) -> None:
    """The mutation: its condition can no longer be met."""
    (tmp_path / "tests").mkdir()
    for file in RULES:
        content = yaml.safe_load(file.read_text())
        for each in (each for group in content["groups"] for each in group["rules"]):
            if each["alert"] == rule:
                each["expr"] = f"({each['expr']}) < -1"
        (tmp_path / file.name).write_text(yaml.safe_dump(content))
    copies = [Path(shutil.copy(file, tmp_path / "tests")) for file in RULE_TESTS if rule in file.read_text()]
    assert promtool("test", "rules", *map(str, copies)).returncode != 0


@needs_promtool
def test_promtool_takes_every_expression_of_the_dashboards(tmp_path: Path) -> None:
    rules = [
        {"record": f"q{number}", "expr": without_variables(query)} for number, (_, query) in enumerate(board_queries())
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    checked = promtool("check", "rules", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr
