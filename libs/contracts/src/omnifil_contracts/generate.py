"""Writes the committed schemas and AsyncAPI documents, or with `--check` says which are not up to date.

`python -m omnifil_contracts.generate [--check]`. Refuses to write a schema that breaks who relies on the committed
one: such a change takes a new version of the record's type, and of its topic.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from omnifil_contracts import asyncapi, schemas
from omnifil_contracts.compatibility import breaks

ROOT = Path(__file__).resolve().parents[4]
SCHEMAS = ROOT / "libs" / "contracts" / "schemas"


def documents() -> dict[Path, str]:
    """Every generated file of the repository: path → content."""
    release = version("omnifil-contracts")
    files = {SCHEMAS / path: schemas.rendered(schema) for path, schema in schemas.committed().items()}
    files[ROOT / "docs" / "asyncapi.json"] = schemas.rendered(asyncapi.of_suite(release))
    for service in asyncapi.SERVICES:
        path = ROOT / "services" / service / "asyncapi.json"
        files[path] = schemas.rendered(asyncapi.of_service(service, release))
    return files


def broken_records() -> list[str]:
    """What the code would break of the committed records, a sentence each."""
    found = []
    for path, schema in schemas.committed().items():
        committed = SCHEMAS / path
        if path.parts[0] == "records" and committed.exists():
            found += [f"{path.stem}: {broken}" for broken in breaks(json.loads(committed.read_text()), schema)]
    return found


def main(arguments: list[str]) -> int:
    files = documents()
    if broken := broken_records():
        print("\n".join(broken), file=sys.stderr)
        print("This breaks who relies on the record: give it (and its topic) a new version instead.", file=sys.stderr)
        return 1
    stale = [path for path, content in files.items() if not path.exists() or path.read_text() != content]
    orphans = [path for path in SCHEMAS.rglob("*.json") if path not in files]
    if "--check" in arguments:
        for path in stale + orphans:
            print(f"{path.relative_to(ROOT)} is not what the code says: run `make generate`", file=sys.stderr)
        return 1 if stale or orphans else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
