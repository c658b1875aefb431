"""The pages of the world: files beside this module, with a few blanks, one style sheet, one script each."""

import html
from pathlib import Path

from fastapi.responses import HTMLResponse

FOLDER = Path(__file__).parent


class _Pages:
    """`page("shop.html", NAME=…)`: the file with `{{NAME}}` filled in, as it stands: escape what people wrote."""

    def __call__(self, name: str, status: int = 200, **blanks: str) -> HTMLResponse:
        text = (FOLDER / name).read_text()
        for blank, value in blanks.items():
            text = text.replace("{{" + blank + "}}", value)
        return HTMLResponse(text, status, headers={"cache-control": "no-store"})

    @staticmethod
    def escape(text: str) -> str:
        """For text and for attribute values."""
        return html.escape(text, quote=True)


page = _Pages()
