"""In the end every dossier document is to be what its timeline folds into: the service's own command says so."""

import asyncio
import json
import os
import sys
from typing import Any

from omnifil_devstack.stack_plan import StackPlan


async def rebuilt(plan: StackPlan) -> dict[str, Any]:
    """What `case-service rebuild` prints of the running suite (`dossiers`, `differences`, …); empty when it failed."""
    service = next(each for each in plan.services if each.module.startswith("case_service"))
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", service.module, "rebuild",
        env=dict(os.environ) | dict(plan.settings_of(service)), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await command.communicate()
    lines = out.decode().splitlines()
    told = json.loads(lines[-1]) if lines else {}
    return told if isinstance(told, dict) else {}
