"""A change that breaks a reader or writer of the committed schema is refused; growth is not."""

import copy
from typing import Any

import pytest
from omnifil_contracts import generate, schemas
from omnifil_contracts.compatibility import breaks
from omnifil_contracts.dossier import DossierEvent
from omnifil_contracts.message import InboundMessage

Schema = dict[str, Any]


@pytest.fixture
def committed() -> Schema:
    return schemas.of_record(InboundMessage)


def test_the_committed_files_are_what_the_code_says() -> None:
    assert generate.main(["--check"]) == 0


def test_the_code_breaks_nobody_who_relies_on_the_committed_records() -> None:
    assert generate.broken_records() == []


def test_a_schema_breaks_nobody_who_relies_on_itself(committed: Schema) -> None:
    assert breaks(committed, copy.deepcopy(committed)) == []


def test_a_removed_field_breaks(committed: Schema) -> None:
    changed = copy.deepcopy(committed)
    del changed["properties"]["subject"]
    assert breaks(committed, changed) == ["$.subject: removed"]


def test_a_retyped_field_breaks_also_deep_inside(committed: Schema) -> None:
    changed = copy.deepcopy(committed)
    changed["$defs"]["Identity"]["properties"]["value"]["type"] = "integer"
    assert "$.sender.primary.identity.value: type was string, is integer" in breaks(committed, changed)


def test_a_newly_required_field_breaks(committed: Schema) -> None:
    changed = copy.deepcopy(committed)
    changed["required"].append("language")
    assert breaks(committed, changed) == ["$.language: newly required"]


def test_a_removed_value_of_an_enumeration_breaks(committed: Schema) -> None:
    changed = copy.deepcopy(committed)
    changed["$defs"]["Assurance"]["enum"].remove("claimed")
    assert any("value 'claimed' removed" in found for found in breaks(committed, changed))


def test_a_narrower_limit_breaks(committed: Schema) -> None:
    changed = copy.deepcopy(committed)
    changed["properties"]["account"]["maxLength"] = 10
    assert breaks(committed, changed) == ["$.account: maxLength was 200, is 10"]


def test_a_removed_kind_of_entry_breaks() -> None:
    committed = schemas.of_record(DossierEvent)
    changed = copy.deepcopy(committed)
    event = changed["$defs"]["TimelineEntry"]["properties"]["event"]
    event["oneOf"] = [variant for variant in event["oneOf"] if not variant["$ref"].endswith("/NoteAdded")]
    assert breaks(committed, changed) == ["$.entry.event: variant NoteAdded removed"]


def test_a_new_optional_field_breaks_nobody(committed: Schema) -> None:
    changed = copy.deepcopy(committed)
    changed["properties"]["urgency"] = {"type": "string"}
    assert breaks(committed, changed) == []


def test_a_new_kind_of_entry_breaks_nobody() -> None:
    committed = schemas.of_record(DossierEvent)
    changed = copy.deepcopy(committed)
    changed["$defs"]["CallStarted"] = {"type": "object", "properties": {}}
    changed["$defs"]["TimelineEntry"]["properties"]["event"]["oneOf"].append({"$ref": "#/$defs/CallStarted"})
    assert breaks(committed, changed) == []


def test_every_record_and_every_field_is_described() -> None:
    for path, schema in schemas.committed().items():
        for name, part in {**schema.get("$defs", {}), path.stem: schema}.items():
            assert "description" in part or part.get("type") != "object", name
            for field, definition in part.get("properties", {}).items():
                assert {"description", "$ref", "const"} & definition.keys(), f"{name}.{field}"


def test_what_a_person_wrote_is_marked_as_personal_data() -> None:
    text = schemas.of_record(InboundMessage)["properties"]["text"]
    assert text["x-personal-data"] is True
