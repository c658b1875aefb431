"""Every HTTP error is a problem document (RFC 9457) with a stable `code` that programs can decide on."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from . import openapi
from .openapi import MEDIA_TYPE as MEDIA_TYPE

_CODES = {
    400: "bad-request",
    401: "not-authenticated",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid-request",
    429: "too-many-requests",
    500: "internal-error",
    503: "unavailable",
}


class Problem(HTTPException):
    """An error that knows its answer: `raise Problem(409, "dossier-closed", "The dossier is closed", "Reopen it.")`."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code
        self.title = title
        self.extra = extra

    def response(self) -> Response:
        answer = problem(self.status_code, self.code, self.title, self.detail, **self.extra)
        answer.headers.update(self.headers or {})
        return answer


Mapped = tuple[int, str, str] | Callable[[Any], Problem]
"""`(status, code, title)`, the exception's own sentence being the detail, or a function that makes the problem."""


def problem(status: int, code: str, title: str, detail: str | None = None, **extra: Any) -> JSONResponse:
    """The answer itself. `extra` are further members of the document; None is left out."""
    members = {"type": f"urn:omnifil:problem:{code}", "title": title, "status": status, "code": code, "detail": detail}
    document = {key: value for key, value in (members | extra).items() if value is not None}
    return JSONResponse(document, status, media_type=MEDIA_TYPE)


def install(app: FastAPI, table: Mapping[type[Exception], Mapped] | None = None) -> None:
    """Answer every error of this app as a problem; `table` says how the domain's errors are answered."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)
    for kind, mapped in (table or {}).items():
        app.add_exception_handler(kind, _handler(mapped))
    openapi.describe_problems(app)


def installed(app: FastAPI) -> bool:
    return app.exception_handlers.get(HTTPException) is _http


def of_status(status: int, detail: str | None = None) -> JSONResponse:
    title = HTTPStatus(status).phrase
    return problem(status, _CODES.get(status, title.lower().replace(" ", "-")), title, detail)


def _handler(mapped: Mapped) -> Callable[[Request, Exception], Response]:
    def answer(_request: Request, error: Exception) -> Response:
        if callable(mapped):
            return mapped(error).response()
        status, code, title = mapped
        return problem(status, code, title, str(error) or None)

    return answer


def _http(_request: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    if isinstance(error, Problem):
        return error.response()
    phrase = HTTPStatus(error.status_code).phrase
    answer = of_status(error.status_code, None if error.detail == phrase else str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _invalid(_request: Request, error: Exception) -> Response:
    """What was sent is not repeated: it may be what somebody wrote."""
    found = cast(RequestValidationError, error).errors()
    errors = [{"where": ".".join(str(part) for part in each["loc"]), "message": each["msg"]} for each in found]
    detail = "; ".join(f"{each['where']}: {each['message']}" for each in errors[:3])
    return problem(422, _CODES[422], "The request is not valid", detail, errors=errors)


def _unexpected(_request: Request, _error: Exception) -> Response:
    return of_status(500, "Something went wrong on our side; it has been logged.")
