"""Serves the built desktop: its assets, and its page for every other path."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from omnifil_servicekit.problem import Problem
from starlette.staticfiles import StaticFiles

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Omnifil</title>
<p>The agent desktop is not built yet: run <code>make setup</code>.</p></html>"""


class _Assets(StaticFiles):
    """Their names hold a hash of their content: what has been loaded is never asked for again."""

    def file_response(self, *arguments: object, **options: object) -> Response:
        response = super().file_response(*arguments, **options)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def mount(app: FastAPI, folder: Path | None) -> None:
    """Add the desktop to the app, behind all other routes."""
    if folder is not None and (folder / "assets").is_dir():
        app.mount("/assets", _Assets(directory=folder / "assets"))

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str, request: Request) -> Response:
        if path.startswith(("api/", "assets/", "health/")):
            raise Problem(404, "not-found", "Not Found", f"There is nothing at {request.url.path}.")
        if folder is None or not (folder / "index.html").is_file():
            return HTMLResponse(_NOT_BUILT, 503)
        asked = (folder / path).resolve()
        if path and asked.is_file() and asked.is_relative_to(folder.resolve()):
            return FileResponse(asked)
        return FileResponse(folder / "index.html", headers={"Cache-Control": "no-cache"})
