import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[4]


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_motor_is_imported_by_one_file_of_the_repository() -> None:
    sources = [*REPOSITORY.glob("libs/*/src/**/*.py"), *REPOSITORY.glob("services/*/src/**/*.py")]
    importers = [
        str(file.relative_to(REPOSITORY))
        for file in sources
        if any(name.split(".")[0] in ("motor", "gridfs") for name in imports(file))
    ]
    assert importers == ["libs/mongostore/src/omnifil_mongostore/driver.py"]
