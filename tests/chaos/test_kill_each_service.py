"""Each process in turn dies in the middle of its work while customers write: nothing lost, nothing twice."""

import json
import os

import httpx
import pytest
from chaos_play.play import SERVERS, SERVICES, Play
from omnifil_devstack.stack_file import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.chaos]


@pytest.mark.timeout(420)
async def test_nothing_is_lost_and_nothing_doubled_when_each_process_is_killed(
    stack: Stack, http: httpx.AsyncClient
) -> None:
    seed = int(os.environ.get("OMNIFIL_CHAOS_SEED", "1"))
    told = await Play(stack, http, seed).run([*SERVICES, *SERVERS])
    print(json.dumps(told.as_json()))
    assert not told.problems
    assert (told.lost, told.duplicated, told.out_of_order, told.gaps, told.replies_twice) == (0, 0, 0, 0, 0)
    assert told.acknowledged > 100, "too little was going on"
    assert sorted(told.faults) == sorted([*SERVICES, *SERVERS])
