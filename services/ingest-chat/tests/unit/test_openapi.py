"""The committed document says what the API does."""

import json
from pathlib import Path

from ingest_chat.main import app
from typer.testing import CliRunner

COMMITTED = Path(__file__).parents[2] / "openapi.json"


def test_the_committed_openapi_document_is_what_the_api_says() -> None:
    """`ingest-chat openapi > services/ingest-chat/openapi.json` writes it anew."""
    printed = CliRunner().invoke(app, ["openapi"])
    assert printed.exit_code == 0, printed.output
    assert json.loads(printed.stdout) == json.loads(COMMITTED.read_text())
