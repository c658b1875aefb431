"""The OpenAPI document says what errors look like: problem documents, not FastAPI's own form."""

from typing import Any

from fastapi import FastAPI

MEDIA_TYPE = "application/problem+json"

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457). An error may bring further members.",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "description": "urn:omnifil:problem:<code>"},
        "title": {"type": "string", "description": "The kind of error, for a person."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "code": {"type": "string", "description": "A stable slug to decide on."},
        "detail": {"type": "string", "description": "This very case, for a person."},
        "errors": {
            "type": "array",
            "description": "Of an invalid request: where in it, and what is wrong there.",
            "items": {
                "type": "object",
                "required": ["where", "message"],
                "properties": {"where": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REPLACED = ("HTTPValidationError", "ValidationError")


def describe_problems(app: FastAPI) -> None:
    """Let `app.openapi()` describe errors as they are answered."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = _PROBLEM
        for path in document.get("paths", {}).values():
            for operation in path.values():
                responses = operation["responses"]
                if "422" in responses:
                    responses["422"] = {"description": "The request is not valid.", "content": _CONTENT}
                responses["default"] = {"description": "Any other error.", "content": _CONTENT}
        for name in _REPLACED:
            schemas.pop(name, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend it
