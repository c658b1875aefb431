"""The demo's story, played without a browser: one dossier, three conversations, nothing missing and nothing twice."""

import json
import os
import subprocess
import sys

import pytest
from omnifil_devstack.stack_file import Stack

pytestmark = pytest.mark.e2e


def test_the_story_ends_as_it_should(stack: Stack) -> None:
    command = [sys.executable, "-m", "omnifil_devstack.cli", "demo", "--once", "--json"]
    played = subprocess.run(  # noqa: S603  # our own command
        command, env=os.environ, capture_output=True, text=True, timeout=200, check=False
    )
    proof = json.loads(played.stdout.splitlines()[-1])
    assert played.returncode == 0, proof
    assert set(proof["sent"]) == {"email", "chat", "social"}
    assert proof["seen"] == proof["sent"]
    assert proof["dossiers"] == 2
    assert all(proof["replies_delivered"][channel] for channel in ("email", "chat", "social"))
    assert (proof["gaps"], proof["duplicates"], proof["lost"]) == (0, 0, 0)
