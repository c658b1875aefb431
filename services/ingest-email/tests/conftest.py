"""Makes `email_scenes` importable: with importlib's mode, test folders are no packages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from ingest_email.domain.limits import Limits
from ingest_email.domain.mailbox import OurMailbox


@pytest.fixture
def us() -> OurMailbox:
    return OurMailbox("support", ("support@brume.example",), "brume.example", "Atelier Brume")


@pytest.fixture
def limits() -> Limits:
    return Limits()
