"""Whether a new schema breaks a reader or writer of the committed one.

Broken is: a field removed or retyped, a field newly required, a value of an enumeration removed, a limit made
narrower. Allowed is: a new optional field, a new variant of a union, a new value of an enumeration (readers ignore
what they do not know).
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_UPPER_LIMITS = ("maxLength", "maximum", "maxItems")
_LOWER_LIMITS = ("minLength", "minimum", "minItems")


def breaks(old: Schema, new: Schema) -> list[str]:
    """What in `new` breaks those who rely on `old`, each as a sentence; empty if nothing does."""
    return list(_Comparison(old, new).compare(old, new, "$"))


class _Comparison:
    def __init__(self, old_root: Schema, new_root: Schema) -> None:
        self._old_defs = old_root.get("$defs", {})
        self._new_defs = new_root.get("$defs", {})
        self._seen: set[tuple[str, str]] = set()

    def compare(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        if "$ref" in old and "$ref" in new:
            pair = (old["$ref"], new["$ref"])
            if pair in self._seen:
                return
            self._seen.add(pair)
        old, new = self._resolved(old, self._old_defs), self._resolved(new, self._new_defs)
        old_variants, new_variants = self._variants(old), self._variants(new)
        if old_variants or new_variants:
            yield from self._compare_variants(old_variants or [old], new_variants or [new], path)
            return
        if old.get("type") != new.get("type"):
            yield f"{path}: type was {old.get('type')}, is {new.get('type')}"
            return
        yield from self._compare_values(old, new, path)
        yield from self._compare_fields(old, new, path)
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
                yield from self.compare(old[part], new[part], f"{path}[]")

    def _compare_fields(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name not in after:
                yield f"{path}.{name}: removed"
            else:
                yield from self.compare(before[name], after[name], f"{path}.{name}")
        for name in set(new.get("required", ())) - set(old.get("required", ())):
            yield f"{path}.{name}: newly required"

    @staticmethod
    def _compare_values(old: Schema, new: Schema, path: str) -> Iterator[str]:
        if "const" in old and old["const"] != new.get("const"):
            yield f"{path}: constant was {old['const']!r}, is {new.get('const')!r}"
        for value in old.get("enum", ()):
            if "enum" in new and value not in new["enum"]:
                yield f"{path}: value {value!r} removed"
        if new.get("pattern") != old.get("pattern") and "pattern" in new:
            yield f"{path}: pattern was {old.get('pattern')!r}, is {new['pattern']!r}"
        if new.get("format") != old.get("format"):
            yield f"{path}: format was {old.get('format')!r}, is {new.get('format')!r}"
        for limit in _UPPER_LIMITS:
            if limit in new and new[limit] < old.get(limit, float("inf")):
                yield f"{path}: {limit} was {old.get(limit)}, is {new[limit]}"
        for limit in _LOWER_LIMITS:
            if limit in new and new[limit] > old.get(limit, float("-inf")):
                yield f"{path}: {limit} was {old.get(limit)}, is {new[limit]}"

    def _compare_variants(self, old: list[Schema], new: list[Schema], path: str) -> Iterator[str]:
        by_name = {self._variant_name(variant): variant for variant in new}
        for variant in old:
            name = self._variant_name(variant)
            if name not in by_name:
                yield f"{path}: variant {name} removed"
            else:
                yield from self.compare(variant, by_name[name], f"{path}<{name}>")

    @staticmethod
    def _variants(schema: Schema) -> list[Schema]:
        return list(schema.get("anyOf") or schema.get("oneOf") or [])

    @staticmethod
    def _variant_name(variant: Schema) -> str:
        return str(variant.get("$ref", variant.get("type", variant))).rsplit("/", 1)[-1]

    @staticmethod
    def _resolved(schema: Schema, definitions: dict[str, Schema]) -> Schema:
        if "$ref" not in schema:
            return schema
        return definitions[schema["$ref"].rsplit("/", 1)[-1]]
