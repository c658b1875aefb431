"""Makes the modules beside it importable: with importlib's mode, test folders are no packages."""

import importlib.util
import sys
from pathlib import Path

import pytest
from ingest_email.domain.limits import Limits
from ingest_email.domain.mailbox import OurMailbox

for _name in ("mails", "replies", "fakes", "contracts"):
    _file = Path(__file__).parent / f"{_name}.py"
    _spec = importlib.util.spec_from_file_location(f"ingest_email_{_name}", _file)
    if _spec is not None and _spec.loader is not None and _file.exists():
        _module = importlib.util.module_from_spec(_spec)
        sys.modules[_spec.name] = _module
        _spec.loader.exec_module(_module)


@pytest.fixture
def us() -> OurMailbox:
    return OurMailbox("support", ("support@brume.example",), "brume.example", "Atelier Brume")


@pytest.fixture
def limits() -> Limits:
    return Limits()
