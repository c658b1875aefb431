"""What an expression in Prometheus' language asks for, read token by token ("Querying basics", "Operators").

promtool, which has the real parser, checks the same expressions for their syntax; it cannot list what they ask for.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]*
    | (?P<string> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `[^`]*` )
    | (?P<range> \[ [^\]]* \] )
    | (?P<number> \d+ (?:\.\d+)? (?:e[+-]?\d+ | [a-z]+ [0-9a-z]*)? )
    | (?P<name> [a-zA-Z_:][\w:]* )
    | (?P<sign> =~ | !~ | != | == | >= | <= | [-+*/%^=<>(){},@] )""",
    re.VERBOSE,
)
_GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_WORDS = frozenset({"and", "or", "unless", "bool", "offset", "inf", "nan", "atan2", "start", "end"})
_GRAFANA = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "1h"}


class NotUnderstood(Exception):
    """An expression that this reader does not know: it may ask for anything."""


@dataclass(frozen=True)
class Selector:
    """A metric that is asked for, and the labels by which it is chosen."""

    metric: str
    labels: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """What an expression asks for; `grouping` are the labels that it joins or sums by."""

    selectors: tuple[Selector, ...]
    grouping: frozenset[str]


def without_variables(expression: str) -> str:
    """A dashboard's expression as Prometheus may get it. A variable that is a value is in quotes, and may stay."""
    for variable, value in _GRAFANA.items():
        expression = expression.replace(variable, value)
    return expression


def asked(expression: str) -> Asked:
    """Raises `NotUnderstood`."""
    tokens = _tokens(without_variables(expression))
    selectors: list[Selector] = []
    grouping: set[str] = set()
    at = 0
    while at < len(tokens):
        kind, text = tokens[at]
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        at += 1
        if kind == "sign" and text == "{":
            raise NotUnderstood(f"a selector without a metric's name in {expression}")
        if kind != "name" or text in _WORDS:
            continue
        if text in _GROUPING:
            if following == "(":
                labels, at = _until(tokens, at + 1, ")")
                grouping.update(label for kind, label in labels if kind == "name")
        elif following == "(" or following in ("by", "without"):
            continue  # a function, or an aggregation
        elif following == "{":
            matchers, at = _until(tokens, at + 1, "}")
            selectors.append(Selector(text, frozenset(label for kind, label in matchers if kind == "name")))
        else:
            selectors.append(Selector(text, frozenset()))
    return Asked(tuple(selectors), frozenset(grouping))


def _tokens(expression: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise NotUnderstood(f"{expression[at : at + 20]!r} in {expression}")
        if match.lastgroup:
            tokens.append((match.lastgroup, match[0]))
        at = match.end()
    return tokens


def _until(tokens: list[tuple[str, str]], at: int, sign: str) -> tuple[list[tuple[str, str]], int]:
    end = next((place for place in range(at, len(tokens)) if tokens[place] == ("sign", sign)), None)
    if end is None:
        raise NotUnderstood(f"no {sign} follows")
    return tokens[at:end], end + 1
