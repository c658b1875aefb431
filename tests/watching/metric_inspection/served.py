"""The metrics that the services have: declared where they say so, and in nobody else's list."""

import importlib
import importlib.util
from collections.abc import Mapping

from omnifil_devstack.topology import ROLES
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from metric_inspection.promql import asked

SCRAPED = {"job", "instance", "service", "role"}
"""The labels that a scrape adds; docs/operating.md says which."""
_PROMETHEUS_OWN = {"up": frozenset[str]()}


def served() -> dict[str, frozenset[str]]:
    """Every series name that a process can show, with its labels."""
    services = (service.replace("-", "_") for service in ROLES)
    for package in ("omnifil_servicekit", "omnifil_messaging", *services):
        if importlib.util.find_spec(f"{package}.metrics"):
            importlib.import_module(f"{package}.metrics")
    known = dict(_PROMETHEUS_OWN)
    for collector in list(REGISTRY._collector_to_names):
        if isinstance(collector, MetricWrapperBase):
            known |= _series(collector)
        else:  # of the process and of Python itself
            known |= {
                sample.name: frozenset(sample.labels) for family in collector.collect() for sample in family.samples
            }
    return known


def _series(metric: MetricWrapperBase) -> Mapping[str, frozenset[str]]:
    name, labels = metric._name, frozenset(metric._labelnames)
    if isinstance(metric, Counter):
        return {f"{name}_total": labels}
    if isinstance(metric, Histogram):
        return {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
    assert isinstance(metric, Gauge), f"{name} is a {type(metric).__name__}, which nobody has had yet"
    return {name: labels}


def missing(expression: str, known: Mapping[str, frozenset[str]]) -> list[str]:
    """A sentence for each metric and label that an expression asks for and no service has."""
    wanted = asked(expression)
    wrong = [f"no service has {each.metric}" for each in wanted.selectors if each.metric not in known]
    labels = {label for each in wanted.selectors for label in known.get(each.metric, frozenset())} | SCRAPED
    for each in wanted.selectors:
        own = known.get(each.metric, frozenset()) | SCRAPED
        wrong += [f"{each.metric} has no label {label}" for label in sorted(each.labels - own)]
    return wrong + [f"nothing in it has the label {label}" for label in sorted(wanted.grouping - labels)]
