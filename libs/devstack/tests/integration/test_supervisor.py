"""The supervisor on real servers, with a toy in place of the six services: what it starts, mends, stops and leaves."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from imapclient import IMAPClient
from omnifil_devstack import orphans, stack_file
from omnifil_devstack.credentials import Credentials
from omnifil_devstack.demo_world import SUPPORT_MAILBOX
from omnifil_devstack.errors import PortTaken, StackError
from omnifil_devstack.folders import home
from omnifil_devstack.ports import PortPlan, free_ports, is_free
from omnifil_devstack.service_plan import Service
from omnifil_devstack.stack_plan import StackPlan
from omnifil_devstack.supervisor import AlreadyRunning, Supervisor
from omnifil_testkit.waiting import Eventually

pytestmark = pytest.mark.integration

_TOY = """
import os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *args): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("toy", *sys.argv[1:], os.environ["OMNIFIL_KAFKA_BOOTSTRAP"], flush=True)
HTTPServer(("127.0.0.1", int(os.environ["OMNIFIL_HTTP_PORT"])), Ready).serve_forever()
"""


@dataclass(frozen=True)
class ToyPlan(StackPlan):
    """The real plan with one service, a toy."""

    toys: Path = Path()

    @property
    def services(self) -> list[Service]:
        settings = {"PYTHONPATH": str(self.toys)}
        return [Service("toy", "toy", ("one", "two"), self.ports["agent-gateway"], settings)]


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToyPlan:
    jars = home() / "jars"
    monkeypatch.setenv("OMNIFIL_HOME", str(tmp_path / "home"))
    home().mkdir()
    (home() / "jars").symlink_to(jars)
    (tmp_path / "toy.py").write_text(_TOY)
    data = home() / "data"
    return ToyPlan(PortPlan(_free_base()), data, home() / "log", Credentials.of(data), tmp_path)


def _free_base() -> int:
    for base in free_ports(50):
        if base < 65_000 and all(is_free(port) for port in PortPlan(base).all().values()):
            return base
    raise AssertionError("no free run of ports")


@asynccontextmanager
async def running(plan: StackPlan, said: list[str]) -> AsyncIterator[stack_file.Stack]:
    async with Supervisor(plan, said.append).running() as stack:
        yield stack


@pytest.fixture
def said() -> list[str]:
    return []


async def test_it_starts_mends_and_stops_without_a_trace(
    plan: ToyPlan, said: list[str], eventually: Eventually
) -> None:
    async with running(plan, said) as stack:
        assert stack.ready
        assert json.loads(stack_file.path().read_text())["kafka"] == stack.kafka
        assert oct(stack_file.path().stat().st_mode & 0o777) == "0o600"
        assert f"toy one two {stack.kafka}" in (plan.logs / "toy.log").read_text()
        with pytest.raises(AlreadyRunning):
            async with running(plan, []):
                pass

        first = stack.processes["toy"].pid
        os.kill(first, signal.SIGKILL)

        def another() -> int:
            now = stack_file.read()
            assert now is not None
            assert now.processes["toy"].pid != first
            return now.processes["toy"].pid

        assert await eventually(another) != first
        await eventually(lambda: any("up again" in line for line in said))
        assert any("SIGKILL" in line for line in said)
        pids = [process.pid for process in stack.processes.values()]
    assert stack_file.read() is None
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_a_stop_waits_for_a_service_that_finishes_its_work(plan: ToyPlan, said: list[str]) -> None:
    """Ctrl-C twice and a slow service: it is neither killed nor left behind."""
    toy = (plan.toys / "toy.py").read_text()
    slow = "lambda *_: (__import__('time').sleep(2), print('finished', flush=True), sys.exit(0))"
    (plan.toys / "toy.py").write_text(toy.replace("lambda *_: sys.exit(0)", slow))
    started = asyncio.Event()

    async def suite() -> None:
        async with running(plan, said):
            started.set()
            await asyncio.Event().wait()

    running_suite = asyncio.create_task(suite())
    await started.wait()
    running_suite.cancel()
    await asyncio.wait({running_suite}, timeout=0.5)
    running_suite.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running_suite
    assert "finished" in (plan.logs / "toy.log").read_text()
    assert stack_file.read() is None


async def test_a_service_that_does_not_start_is_named_with_its_last_word(plan: ToyPlan, said: list[str]) -> None:
    (plan.toys / "toy.py").write_text("raise SystemExit('ERROR: the toy is broken')")
    with pytest.raises(StackError, match=r"toy ended with code 1 .*the toy is broken"):
        async with running(plan, said):
            pass
    assert stack_file.read() is None


async def test_a_taken_port_is_named_before_anything_starts(plan: ToyPlan, said: list[str]) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", plan.ports["imap"]))
        squatter.listen()
        with pytest.raises(PortTaken, match=rf"Port {plan.ports['imap']}.*OMNIFIL_PORT_BASE"):
            async with running(plan, said):
                pass
    assert said == []


async def test_a_crashed_broker_and_database_come_back_with_their_data(
    plan: ToyPlan, said: list[str], eventually: Eventually
) -> None:
    async with running(plan, said) as stack:
        for name in ("mongod", "kafka"):
            os.kill(stack.processes[name].pid, signal.SIGKILL)
        await eventually(lambda: sum("up again" in line for line in said) == 2, timeout_s=40)


def test_what_a_killed_supervisor_leaves_is_ended_at_the_next_start(plan: ToyPlan) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        mine, other = stack_file.Process.of(left.pid), stack_file.Process.of(bystander.pid)
        assert mine is not None
        assert other is not None
        # as after the id was given to somebody else: same id, another start
        orphans.record({"toy": mine, "gone": other.model_copy(update={"started_at": other.started_at - 100})})
        assert orphans.end_all() == ["toy"]
        assert left.poll() is not None
        assert bystander.poll() is None
    finally:
        left.kill()
        bystander.kill()


async def test_children_end_when_the_supervisor_is_killed(plan: ToyPlan, eventually: Eventually) -> None:
    script = """
import asyncio, sys
from pathlib import Path
from omnifil_devstack.server_process import ServerProcess
async def main():
    child = await ServerProcess.spawn("sleeper", ["sleep", "600"], log=Path(sys.argv[1]))
    print(child.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(plan.toys / "log"), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.kill()
    await parent.wait()
    await eventually(lambda: not psutil.pid_exists(child))


async def test_the_world_is_there_and_remembers(plan: ToyPlan, said: list[str]) -> None:
    whole = StackPlan(plan.ports, plan.data, plan.logs, plan.credentials)

    @dataclass(frozen=True)
    class OnlyWorld(StackPlan):
        @property
        def services(self) -> list[Service]:
            return [service for service in whole.services if service.name == "world"]

    only_world = OnlyWorld(plan.ports, plan.data, plan.logs, plan.credentials)
    async with running(only_world, said) as stack, httpx.AsyncClient(base_url=stack.world) as client:
        for path in ("/", "/shop", "/network", "/mailbox", "/jwks", "/static/world.css"):
            assert (await client.get(path)).status_code == 200
        agent = stack.issuer.agents[0]
        form = {"grant_type": "password", "username": agent.username, "password": agent.password}
        assert (await client.post("/token", data=form)).json()["token_type"] == "Bearer"
        customer = (await client.get("/mailbox/addresses")).json()[0]["address"]
        for text in ("Where is it?", "And where is the other?"):
            await client.post(f"/mailbox/{customer}/mails", data={"subject": "Order", "text": text})
        assert len((await client.get(f"/mailbox/{customer}/mails")).json()) == 2
        assert len(await asyncio.to_thread(_support_mails, plan)) == 2
        await asyncio.to_thread(_support_mails, plan, read_first=True)
        newcomer = (await client.post("/residents", json={"name": "Nora Lind"})).json()

    async with running(only_world, said) as stack, httpx.AsyncClient(base_url=stack.world) as client:
        assert len((await client.get(f"/mailbox/{customer}/mails")).json()) == 2
        assert await asyncio.to_thread(_support_mails, plan) == [False]  # who had read the other one has it
        known = {each["address"] for each in (await client.get("/mailbox/addresses")).json()}
        assert newcomer["email"] in known


def _support_mails(plan: StackPlan, *, read_first: bool = False) -> list[bool]:
    """Of each mail in the company's mailbox, whether it was read."""
    with IMAPClient("127.0.0.1", plan.ports["imap"], ssl=False) as imap:
        imap.login(SUPPORT_MAILBOX, plan.credentials.mailbox_password)
        imap.select_folder("INBOX")
        mails = imap.search("ALL")
        if read_first:
            imap.add_flags(mails[0], [b"\\Seen"])
        return [b"\\Seen" in flags for flags in imap.get_flags(mails).values()]
