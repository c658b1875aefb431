import asyncio
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from omnifil_devstack.ports import free_ports
from omnifil_servicekit.health import Health
from omnifil_servicekit.process import Parts, serve
from omnifil_servicekit.settings import ServiceSettings
from omnifil_testkit.waiting import eventually_
from pydantic import SecretStr
from structlog.testing import capture_logs
from websockets.asyncio.client import connect


class Running:
    """A service in this event loop, and what happened to it in order."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.app = FastAPI()
        self.health = Health()
        self.loops: dict[str, Callable[[asyncio.Event], object]] = {"consume": self.consume}
        self.may_finish = asyncio.Event()
        self.may_finish.set()
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.grace_s = 15.0
        [self.port] = free_ports(1)
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)
        self.code: asyncio.Task[int]

    @asynccontextmanager
    async def resources(self) -> AsyncIterator[None]:
        await self.may_open.wait()
        self.story.append("opened")
        try:
            yield
        finally:
            self.story.append("closed")

    async def consume(self, stop: asyncio.Event) -> None:
        self.story.append("loop started")
        await stop.wait()
        self.story.append("loop told")
        await self.may_finish.wait()
        self.story.append("loop finished")

    def start(self) -> None:
        settings = ServiceSettings(
            http_port=self.port, internal_token=SecretStr("between-us"), shutdown_grace_s=self.grace_s
        )
        parts = Parts(self.app, self.health, self.loops, self.resources())  # type: ignore[arg-type]
        self.code = asyncio.create_task(serve("test", settings, parts))

    async def until(self, condition: Callable[[], object]) -> None:
        await eventually_(lambda: bool(condition()), timeout_s=10)

    async def ready(self) -> None:
        self.start()
        await self.until(lambda: self.health.started or self.code.done())
        assert not self.code.done()

    def stop(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    async def ended(self) -> int:
        async with asyncio.timeout(20):
            return await self.code


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    running = Running()
    yield running
    await running.http.aclose()
    if not running.code.done():
        running.code.cancel()
        await asyncio.wait([running.code])


async def test_it_starts_and_stops_in_order_and_ends_with_0(running: Running) -> None:
    await running.ready()
    assert (await running.http.get("/health/ready")).status_code == 200
    running.stop()
    assert await running.ended() == 0
    assert running.story == ["opened", "loop started", "loop told", "loop finished", "closed"]


async def test_while_it_stops_it_lives_but_is_not_ready(running: Running) -> None:
    running.may_finish.clear()
    await running.ready()
    running.stop()
    await running.until(lambda: "loop told" in running.story)
    ready = await running.http.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"]["process"] == {"ok": False, "error": "is stopping"}
    assert (await running.http.get("/health/live")).status_code == 200
    running.may_finish.set()
    assert await running.ended() == 0


async def test_readiness_names_each_check_and_its_error(running: Running) -> None:
    async def no_broker() -> None:
        raise ConnectionError("no broker")

    async def database() -> None:
        return None

    running.health.check("kafka", no_broker)
    running.health.check("mongo", database)
    await running.ready()
    ready = await running.http.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json() == {
        "status": "not ready",
        "checks": {
            "kafka": {"ok": False, "error": "ConnectionError: no broker"},
            "mongo": {"ok": True, "error": None},
        },
    }
    running.stop()
    await running.ended()


async def test_metrics_are_those_of_prometheus(running: Running) -> None:
    await running.ready()
    await running.http.get("/health/live")
    metrics = await running.http.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert "omnifil_http_request_seconds_count" in metrics.text
    assert "process_resident_memory_bytes" in metrics.text
    running.stop()
    await running.ended()


async def test_what_stays_for_good_is_taken_out_of_the_garbage_collection(running: Running) -> None:
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)  # as Python has it
    await running.ready()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] > 700
    running.stop()
    await running.ended()


async def test_messages_to_sockets_are_not_compressed_one_by_one(running: Running) -> None:
    @running.app.websocket("/stream")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("news")

    await running.ready()
    async with connect(f"ws://127.0.0.1:{running.port}/stream", compression="deflate", proxy=None) as client:
        assert await client.recv() == "news"
        assert client.protocol.extensions == []
    running.stop()
    await running.ended()


async def test_the_probes_come_before_every_wildcard_of_the_app(running: Running) -> None:
    @running.app.get("/{path:path}")
    async def page(path: str) -> str:
        return "page"

    await running.ready()
    assert (await running.http.get("/health/live")).json() == {"status": "live"}
    assert (await running.http.get("/anything")).json() == "page"
    running.stop()
    await running.ended()


async def test_errors_of_an_app_that_installed_nothing_are_problems_too(running: Running) -> None:
    await running.ready()
    assert (await running.http.get("/nowhere")).json()["code"] == "not-found"
    running.stop()
    await running.ended()


async def test_a_loop_that_raises_ends_the_process_with_1_and_names_itself(running: Running) -> None:
    async def relay(stop: asyncio.Event) -> None:
        raise RuntimeError("kaputt")

    running.loops["relay"] = relay
    with capture_logs() as events:
        running.start()
        assert await running.ended() == 1
    (failed,) = [event for event in events if event["event"] == "loop_failed"]
    assert (failed["loop"], failed["error"], failed["log_level"]) == ("relay", "RuntimeError", "error")
    assert str(failed["exc_info"]) == "kaputt"
    assert running.story == ["opened", "loop started", "loop told", "loop finished", "closed"]


async def test_a_loop_that_returns_though_nobody_asked_is_a_failure(running: Running) -> None:
    async def relay(stop: asyncio.Event) -> None:
        return None

    running.loops["relay"] = relay
    with capture_logs() as events:
        running.start()
        assert await running.ended() == 1
    assert [event["loop"] for event in events if event["event"] == "loop_ended_by_itself"] == ["relay"]


async def test_a_loop_that_raises_while_it_stops_is_a_failure(running: Running) -> None:
    async def relay(stop: asyncio.Event) -> None:
        await stop.wait()
        raise RuntimeError("the last batch was not written")

    running.loops["relay"] = relay
    await running.ready()
    running.stop()
    assert await running.ended() == 1


async def test_a_loop_that_does_not_stop_is_cut_after_the_grace_and_named(running: Running) -> None:
    cut = asyncio.Event()

    async def relay(stop: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()

    running.loops["relay"] = relay
    running.grace_s = 0.3
    await running.ready()
    with capture_logs() as events:
        running.stop()
        assert await running.ended() == 1
    assert [event["loop"] for event in events if event["event"] == "loop_did_not_stop"] == ["relay"]
    assert cut.is_set()
    assert running.story[-1] == "closed"


async def test_an_answer_in_hand_goes_out_before_the_end(running: Running) -> None:
    may_answer = asyncio.Event()

    @running.app.get("/slow")
    async def slow() -> str:
        running.story.append("asked")
        await may_answer.wait()
        return "answered"

    await running.ready()
    asking = asyncio.create_task(running.http.get("/slow"))
    await running.until(lambda: "asked" in running.story)
    running.stop()
    await running.until(lambda: "loop finished" in running.story)
    assert not running.code.done()
    may_answer.set()
    assert (await asking).json() == "answered"
    assert await running.ended() == 0
    assert running.story[-1] == "closed"


async def test_a_stream_without_end_can_end_itself_on_stopping(running: Running) -> None:
    @running.app.get("/events")
    async def events() -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            yield "first\n"
            await running.health.stopping.wait()
            yield "last\n"

        return StreamingResponse(lines())

    await running.ready()
    async with running.http.stream("GET", "/events") as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "first"
        running.stop()
        assert [line async for line in lines] == ["last"]
    assert await running.ended() == 0


async def test_a_stream_that_does_not_end_is_cut_within_the_grace(running: Running) -> None:
    @running.app.get("/events")
    async def events() -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            yield "first\n"
            await asyncio.Event().wait()

        return StreamingResponse(lines())

    running.grace_s = 4
    await running.ready()
    async with running.http.stream("GET", "/events") as answer:
        assert await anext(answer.aiter_lines()) == "first"
        running.stop()
        assert await running.ended() == 0  # with 1 had it taken longer than the grace


async def test_a_stop_during_the_start_ends_it_with_0(running: Running) -> None:
    running.may_open.clear()
    running.start()
    await asyncio.sleep(0)
    await running.until(lambda: signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL)
    running.stop()
    assert await running.ended() == 0
    assert running.story == []


async def test_resources_that_do_not_open_end_the_process_with_1(running: Running) -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[None]:
        raise ConnectionError("no broker")
        yield

    running.resources = broken  # type: ignore[method-assign]
    with capture_logs() as events:
        running.start()
        assert await running.ended() == 1
    (failed,) = [event for event in events if event["event"] == "process_failed"]
    assert failed["error"] == "ConnectionError"


async def test_a_port_that_is_taken_is_named(running: Running) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", running.port))
        other.listen()
        with capture_logs() as events:
            running.start()
            assert await running.ended() == 1
    (refused,) = [event for event in events if event["event"] == "port_not_available"]
    assert refused["port"] == running.port
    assert refused["set"] == "OMNIFIL_HTTP_PORT"
    assert running.story == []


async def test_an_app_whose_lifespan_fails_does_not_start(running: Running) -> None:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("no page")
        yield

    running.app = FastAPI(lifespan=lifespan)
    with capture_logs() as events:
        running.start()
        assert await running.ended() == 1
    assert "http_server_did_not_start" in [event["event"] for event in events]
    assert running.story == ["opened", "closed"]


async def test_a_second_signal_does_not_wait(running: Running) -> None:
    running.may_finish.clear()
    running.grace_s = 60
    await running.ready()
    running.stop()
    await running.until(lambda: "loop told" in running.story)
    running.stop()
    assert await running.ended() == 1  # long before the grace is over
    assert running.story[-1] == "closed"
