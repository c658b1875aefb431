"""The committed AsyncAPI documents are valid by AsyncAPI's own JSON Schema."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

ROOT = Path(__file__).parents[2]
OFFICIAL = Path(__file__).parent / "asyncapi" / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
DOCUMENTS = [ROOT / "docs" / "asyncapi.json", *sorted(ROOT.glob("services/*/asyncapi.json"))]


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    schema: dict[str, Any] = json.loads(OFFICIAL.read_text())
    # The bundle names its parts by absolute `$id`s; all of them are inside, so nothing is ever fetched.
    parts = [(part["$id"], DRAFT7.create_resource(part)) for part in schema["definitions"].values() if "$id" in part]
    return Draft7Validator(schema, registry=Registry().with_resources(parts))


def test_every_service_and_the_suite_have_a_document() -> None:
    assert len(DOCUMENTS) == 7


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_document_is_valid(path: Path, official: Draft7Validator) -> None:
    errors = [error.message[:300] for error in official.iter_errors(json.loads(path.read_text()))]
    assert errors == []


def test_the_check_notices_a_document_that_is_wrong(official: Draft7Validator) -> None:
    document = copy.deepcopy(json.loads(DOCUMENTS[0].read_text()))
    next(iter(document["operations"].values()))["action"] = "shout"
    assert not official.is_valid(document)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_reference_of_the_document_leads_somewhere(path: Path) -> None:
    document = json.loads(path.read_text())

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for item in value.values() for found in references(item)]
        return [found for item in value for found in references(item)] if isinstance(value, list) else []

    for reference in set(references(document)):
        target = document
        for part in reference.removeprefix("#/").split("/"):
            assert part in target, reference
            target = target[part]
