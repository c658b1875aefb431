from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from omnifil_servicekit.problem import MEDIA_TYPE, install
from omnifil_servicekit.telemetry import configure
from omnifil_servicekit.web import BodyLimit, Observed, SecurityHeaders
from opentelemetry import trace
from prometheus_client import REGISTRY
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import capture_logs

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    install(app)

    @app.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    @app.post("/json")
    async def parsed(document: dict[str, str]) -> int:
        return len(document)

    @app.post("/uploads/image")
    async def upload(request: Request) -> int:
        return len(await request.body())

    @app.get("/things/{thing}")
    async def thing(thing: str) -> str:
        return format(trace.get_current_span().get_span_context().trace_id, "032x")

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("kaputt")

    @app.get("/frame")
    async def frame() -> Response:
        return Response("<p>", headers={"Content-Security-Policy": "frame-ancestors *"})

    return app


async def parts(count: int, size: int = 100) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


@pytest.mark.parametrize("path", ["/length", "/json"])
async def test_a_body_over_the_limit_is_413_announced_or_not(app: FastAPI, path: str) -> None:
    async with client_of(BodyLimit(app, 1000)) as client:
        for content in (b"x" * 1001, parts(11)):
            answer = await client.post(path, content=content)
            assert answer.status_code == 413
            assert answer.headers["content-type"] == MEDIA_TYPE
            assert answer.json()["code"] == "too-large"
            assert answer.json()["limit_bytes"] == 1000


async def test_a_body_that_announces_too_much_is_refused_before_it_is_read(app: FastAPI) -> None:
    read = False

    async def unread() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b"x"

    async with client_of(BodyLimit(app, 1000)) as client:
        answer = await client.post("/length", content=unread(), headers={"Content-Length": "1001"})
    assert answer.status_code == 413
    assert not read


async def test_a_body_of_just_the_limit_goes_through(app: FastAPI) -> None:
    async with client_of(BodyLimit(app, 1000)) as client:
        assert (await client.post("/length", content=b"x" * 1000)).json() == 1000
        assert (await client.post("/length", content=parts(10))).json() == 1000


async def test_some_paths_may_take_more(app: FastAPI) -> None:
    async with client_of(BodyLimit(app, 1000, {"/uploads/": 5000})) as client:
        assert (await client.post("/uploads/image", content=parts(50))).json() == 5000
        assert (await client.post("/uploads/image", content=parts(51))).status_code == 413


async def test_the_stream_is_cut_where_the_limit_is(app: FastAPI) -> None:
    pulled = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pulled
        while pulled < 1000:
            pulled += 1
            yield b"x" * 100

    messages = endless()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": await anext(messages), "more_body": True}

    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/length", "headers": [], "query_string": b""}
    await BodyLimit(app, 1000)(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 413
    assert pulled == 11


async def test_an_app_that_hides_the_refusal_does_not_get_to_answer() -> None:
    async def careless(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (await receive()).get("more_body"):
                pass
        except Exception:  # the carelessness
            await Response("fine", 200)(scope, receive, send)

    async with client_of(BodyLimit(careless, 1000)) as client:
        assert (await client.post("/", content=parts(20))).status_code == 413


async def test_a_length_that_is_no_number_is_refused(app: FastAPI) -> None:
    async with client_of(BodyLimit(app, 1000)) as client:
        assert (await client.post("/length", headers={"content-length": "-5"})).status_code == 413


async def test_pages_get_the_headers_that_keep_browsers_safe(app: FastAPI) -> None:
    async with client_of(SecurityHeaders(app)) as client:
        headers = (await client.get("/things/1")).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "strict-transport-security" not in headers
        assert (await client.get("/nowhere")).headers["x-content-type-options"] == "nosniff"


async def test_an_answers_own_headers_win(app: FastAPI) -> None:
    async with client_of(SecurityHeaders(app, https=True, extra={"X-Frame-Options": "DENY"})) as client:
        headers = (await client.get("/frame")).headers
    assert headers["content-security-policy"] == "frame-ancestors *"
    assert headers["x-frame-options"] == "DENY"
    assert "max-age" in headers["strict-transport-security"]


async def test_a_request_goes_on_with_the_trace_of_its_caller(app: FastAPI) -> None:
    configure("test")
    async with client_of(Observed(app)) as client:
        answer = await client.get("/things/1", headers={"traceparent": CALLER})
    assert answer.json() == "0af7651916cd43dd8448eb211c80319c"


async def test_a_request_is_one_event_and_one_observation_under_its_routes_template(app: FastAPI) -> None:
    def observed() -> float:
        labels = {"method": "GET", "route": "/things/{thing}", "status": "200"}
        return REGISTRY.get_sample_value("omnifil_http_request_seconds_count", labels) or 0

    before = observed()
    async with client_of(Observed(app)) as client:
        with capture_logs() as events:
            await client.get("/things/1?q=secret")
    assert observed() == before + 1
    assert [(event["event"], event["route"], event["status"]) for event in events] == [
        ("request", "/things/{thing}", 200)
    ]
    assert "secret" not in str(events)


async def test_of_webhooks_only_what_is_refused_is_an_event(app: FastAPI) -> None:
    @app.get("/webhooks/{outcome}")
    async def webhook(outcome: int) -> Response:
        return Response(status_code=outcome)

    async with client_of(Observed(app)) as client:
        with capture_logs() as events:
            for outcome in (200, 403, 503):
                await client.get(f"/webhooks/{outcome}")
    assert [event["status"] for event in events if event["log_level"] != "debug"] == [403, 503]


async def test_an_error_nobody_caught_is_logged_once_and_answered_as_a_problem(app: FastAPI) -> None:
    app.add_middleware(Observed)
    async with client_of(app) as client:
        with capture_logs() as events:
            answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal-error"
    (failed,) = [event for event in events if event["log_level"] == "error"]
    assert failed["event"] == "request_failed"
    assert isinstance(failed["exc_info"], RuntimeError)
