"""The slugs that sources can give to `Evidence(code=…)` and `Because(rule=…)`, told by reading them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLANK = "*"
"""Stands for what is filled in when it runs: `f"same-{kind}-number"` is `same-*-number`."""


@dataclass(frozen=True)
class Emitted:
    """A slug, and where it is written."""

    slug: str
    place: str


class Sources:
    """All modules of one service."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules = {path: ast.parse(path.read_text()) for path in sorted(folder.rglob("*.py"))}

    def emitted(self, model: str, field: str) -> Iterator[Emitted]:
        """Every value that `model(field=…)` can be made with.

        Raises ValueError where that cannot be told: give the slug a name, or write it where it is used.
        """
        for path, module in self._modules.items():
            for call in _calls(module, model):
                for keyword in call.keywords:
                    if keyword.arg == field and not _is_copied(keyword.value, field):
                        place = f"{path.relative_to(self._folder)}:{call.lineno}"
                        slugs = set(self._values(keyword.value, module, set()))
                        if not slugs:
                            raise ValueError(f"{place}: cannot tell what {field} is: {ast.unparse(keyword.value)}")
                        yield from (Emitted(slug, place) for slug in sorted(slugs))

    def _values(self, node: ast.expr, module: ast.Module, seen: set[str]) -> Iterator[str]:
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else BLANK for part in parts)
            case ast.IfExp(body=body, orelse=otherwise):
                yield from self._values(body, module, seen)
                yield from self._values(otherwise, module, seen)
            case ast.BoolOp(values=parts):
                for part in parts:
                    yield from self._values(part, module, seen)
            case ast.Name(id=name) | ast.Attribute(attr=name) if name not in seen:
                yield from self._named(name, module, seen | {name})

    def _named(self, name: str, module: ast.Module, seen: set[str]) -> Iterator[str]:
        """What a name can stand for: in its own module if it is bound there, else in any."""
        found = set(self._bound(name, module, seen))
        if not found:
            found = {value for other in self._modules.values() for value in self._bound(name, other, seen)}
        yield from found

    def _bound(self, name: str, module: ast.Module, seen: set[str]) -> Iterator[str]:
        for node in ast.walk(module):
            match node:
                case ast.Assign(targets=targets, value=value) if any(_is(target, name) for target in targets):
                    yield from self._values(value, module, seen)
                case ast.AnnAssign(target=target, value=ast.expr() as value) if _is(target, name):
                    yield from self._values(value, module, seen)
                case ast.keyword(arg=str(argument), value=value) if argument == name:
                    yield from self._values(value, module, seen)
                case ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source) if any(
                    _is(part, name) for part in ast.walk(target)
                ):
                    yield from _texts(source)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield from self._given(node, name, seen)

    def _given(self, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str, seen: set[str]) -> Iterator[str]:
        """What a parameter is called with."""
        names = [argument.arg for argument in function.args.args if argument.arg != "self"]
        if name not in names:
            return
        for module in self._modules.values():
            for call in _calls(module, function.name):
                if len(call.args) > names.index(name):
                    yield from self._values(call.args[names.index(name)], module, seen)


def _calls(module: ast.Module, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and (_is(node.func, name)):
            yield node


def _is(node: ast.AST, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _is_copied(node: ast.expr, field: str) -> bool:
    """From a record that has it already: `each.code`, `document["code"]`."""
    if isinstance(node, ast.Subscript):
        return ast.unparse(node.slice) == repr(field)
    return isinstance(node, ast.Attribute) and node.attr == field
