from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Response
from omnifil_servicekit.problem import MEDIA_TYPE, Problem, install, problem
from pydantic import BaseModel


class DossierClosed(Exception):
    pass


class WindowExpired(Exception):
    def __init__(self, expired_at: str) -> None:
        super().__init__("The window has closed.")
        self.expired_at = expired_at


class Reply(BaseModel):
    text: str
    count: int


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install(
        app,
        {
            DossierClosed: (409, "dossier-closed", "The dossier is closed"),
            WindowExpired: lambda error: Problem(
                409, "reply-window-expired", "Too late", str(error), expired_at=error.expired_at
            ),
        },
    )

    @app.get("/closed")
    async def closed() -> None:
        raise DossierClosed("Dossier d1 is closed: reopen it first.")

    @app.get("/window")
    async def window() -> None:
        raise WindowExpired("2026-01-01T00:00:00Z")

    @app.get("/plain")
    async def plain() -> None:
        raise HTTPException(403, "Not yours.", headers={"X-Kept": "yes"})

    @app.get("/returned")
    async def returned() -> Response:
        return problem(429, "too-many-requests", "Slow down", retry_after_s=5)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("an inner secret")

    @app.post("/replies")
    async def reply(reply: Reply) -> Reply:
        return reply

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/closed", 409, "dossier-closed"),
        ("GET", "/window", 409, "reply-window-expired"),
        ("GET", "/plain", 403, "not-allowed"),
        ("GET", "/returned", 429, "too-many-requests"),
        ("GET", "/broken", 500, "internal-error"),
        ("GET", "/nowhere", 404, "not-found"),
        ("DELETE", "/replies", 405, "method-not-allowed"),
        ("POST", "/replies", 422, "invalid-request"),
    ],
)
async def test_every_error_is_a_problem_document(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"urn:omnifil:problem:{code}"
    assert document["title"]


async def test_the_domains_own_sentence_is_the_detail(client: httpx.AsyncClient) -> None:
    assert (await client.get("/closed")).json()["detail"] == "Dossier d1 is closed: reopen it first."


async def test_an_error_may_bring_further_members(client: httpx.AsyncClient) -> None:
    assert (await client.get("/window")).json()["expired_at"] == "2026-01-01T00:00:00Z"
    assert (await client.get("/returned")).json()["retry_after_s"] == 5


async def test_headers_of_an_error_are_kept(client: httpx.AsyncClient) -> None:
    assert (await client.get("/plain")).headers["x-kept"] == "yes"
    assert (await client.delete("/replies")).headers["allow"] == "POST"


async def test_an_invalid_request_is_told_where_but_not_what(client: httpx.AsyncClient) -> None:
    answer = await client.post("/replies", json={"text": "hello", "count": "my secret"})
    document = answer.json()
    assert [error["where"] for error in document["errors"]] == ["body.count"]
    assert "body.count" in document["detail"]
    assert "my secret" not in answer.text
    assert (await client.post("/replies", content=b"{not json")).status_code == 422


async def test_an_unexpected_error_shows_nothing_of_itself(client: httpx.AsyncClient) -> None:
    assert "secret" not in (await client.get("/broken")).text


def test_the_openapi_document_tells_the_same() -> None:
    app = FastAPI()
    install(app)

    @app.post("/replies")
    async def reply(reply: Reply) -> Reply:
        return reply

    document = app.openapi()
    responses = document["paths"]["/replies"]["post"]["responses"]
    assert list(responses["422"]["content"]) == [MEDIA_TYPE]
    assert list(responses["default"]["content"]) == [MEDIA_TYPE]
    assert "200" in responses
    assert set(document["components"]["schemas"]) == {"Reply", "Problem"}
    assert app.openapi() == document
