"""A short `make chaos`: nothing lost, nothing twice, in order, while processes die and links break."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.chaos]

FOLDER = Path(__file__).parent
COUNTS = ("lost", "duplicated", "out_of_order", "gaps", "replies_twice")


@pytest.mark.timeout(600)
def test_nothing_is_lost_doubled_or_disordered_in_two_minutes_of_chaos(tmp_path: Path) -> None:
    seed = os.environ.get("OMNIFIL_CHAOS_SEED", "1")
    command = [sys.executable, "-m", "chaos_play", "--seconds", "60", "--messages", "1500", "--seed", seed]
    ran = subprocess.run(  # noqa: S603  # our own command
        [*command, "--stall", "90", "--folder", str(tmp_path)],  # where tests run, machines may be slow
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(FOLDER), os.environ.get("PYTHONPATH", "")])},
        stdout=subprocess.PIPE,
        text=True,
        timeout=580,
        check=False,
    )
    told = json.loads(ran.stdout.splitlines()[-1])
    print(json.dumps(told))
    assert told["problems"] == []
    assert ran.returncode == 0
    assert {what: told[what] for what in COUNTS} == dict.fromkeys(COUNTS, 0)
    assert told["acknowledged"] > 300, "too little was going on"
    assert sum(told["faults"].values()) >= 8
