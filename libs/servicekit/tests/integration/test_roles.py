"""A service as it is really started: its own process, its environment, its signals."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process

import pytest

pytestmark = pytest.mark.integration

SERVICE = """
import asyncio
from fastapi import FastAPI
from omnifil_servicekit.health import Health
from omnifil_servicekit.process import Parts
from omnifil_servicekit.roles import service, settings_or_exit
from omnifil_servicekit.settings import ServiceSettings

class Settings(ServiceSettings):
    pass

def bootstrap(settings, roles):
    async def loop(stop):
        print(type(asyncio.get_running_loop()).__module__, flush=True)
        await stop.wait()

    async def broken(stop):
        raise RuntimeError("kaputt")

    loops = {"consume": loop, "broken": broken}
    return Parts(FastAPI(), Health(), {role: loops[role] for role in sorted(roles) if role in loops})

app = service("test-service", Settings, bootstrap, {"consume": "Consumes.", "broken": "Breaks.", "api": "Answers."})

@app.command()
def normalise(files: list[str]):
    "Prints what a file becomes."
    print("normalised", *files)

app()
"""


async def start(*arguments: str, **variables: str) -> Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMNIFIL_")}
    environment |= {"OMNIFIL_HTTP_PORT": "0", "OMNIFIL_INTERNAL_TOKEN": "between-us", **variables}
    environment = {name: value for name, value in environment.items() if value}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVICE, *arguments, env=environment, stdout=PIPE, stderr=PIPE
    )


async def finished(process: Process) -> tuple[int | None, str, str]:
    async with asyncio.timeout(20):
        out, error = await process.communicate()
    return process.returncode, out.decode(), error.decode()


async def test_several_roles_run_in_one_process_until_sigterm() -> None:
    process = await start("consume", "api")
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(20):
        while not lines or "process_ready" not in lines[-1]:
            line = (await process.stdout.readline()).decode()
            assert line, await finished(process)
            lines.append(line)
    process.send_signal(signal.SIGTERM)
    code, out, error = await finished(process)
    whole = "".join(lines) + out
    assert (code, error) == (0, "")
    assert "uvloop" in whole
    events = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
    assert [event["event"] for event in events] == ["process_ready", "stop_asked", "process_stopped"]
    assert events[0]["loops"] == ["consume"]
    assert events[0]["port"] > 0


async def test_a_broken_loop_ends_the_process_with_1() -> None:
    code, out, _ = await finished(await start("consume", "broken"))
    assert code == 1
    (failed,) = [json.loads(line) for line in out.splitlines() if '"loop_failed"' in line]
    assert failed["loop"] == "broken"
    assert "kaputt" in failed["exception"]


async def test_wrong_settings_are_sentences_and_exit_code_2() -> None:
    code, out, error = await finished(await start("consume", OMNIFIL_HTTP_PORT="", OMNIFIL_LOG_LEVEL="loud"))
    assert (code, out) == (2, "")
    assert [line.split()[0] for line in error.splitlines()] == ["OMNIFIL_HTTP_PORT", "OMNIFIL_LOG_LEVEL"]
    assert "Traceback" not in error


async def test_an_unknown_role_is_a_sentence_and_exit_code_2() -> None:
    code, _, error = await finished(await start("consume", "reply"))
    assert (code, error) == (2, "test-service has no role reply; it has consume, broken, api.\n")


async def test_other_commands_stand_beside_the_roles_and_need_no_settings() -> None:
    code, out, _ = await finished(await start("normalise", "a.eml", "b.eml", OMNIFIL_HTTP_PORT=""))
    assert (code, out) == (0, "normalised a.eml b.eml\n")


async def test_help_lists_the_roles() -> None:
    code, out, _ = await finished(await start("--help"))
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    for expected in ("consume", "Breaks.", "normalise"):
        assert expected in plain
