"""What the routes make of a request before any use case is asked."""

from typing import Any

import pytest
from ingest_chat.entrypoints.pages import Reception, _file_headers, _filename, _safe_type
from ingest_chat.entrypoints.protocol import HELLO
from omnifil_contracts.message import Attachment
from starlette.requests import HTTPConnection


def reception(trusted_proxies: int) -> Reception:
    others: dict[str, Any] = dict.fromkeys(Reception.__dataclass_fields__)
    return Reception(**{**others, "trusted_proxies": trusted_proxies})


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "9.9.9.9", "10.0.0.1"),
        (1, "9.9.9.9, 8.8.8.8", "8.8.8.8"),
        (2, "9.9.9.9, 8.8.8.8", "9.9.9.9"),
        (2, "8.8.8.8", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_only_what_trusted_proxies_say_of_an_address_is_believed(proxies: int, forwarded: str, address: str) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())]
    connection = HTTPConnection({"type": "http", "client": ("10.0.0.1", 1), "headers": headers})
    assert reception(proxies).address_of(connection) == address


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\photos\\me.exe", "me.png"),
        ("", "image.png"),
        (".htaccess", "image.png"),
        ("a\u202eb\n.png", "a b.png"),
        ("é" * 300, "é" * 100 + ".png"),
    ],
)
def test_a_filename_is_a_name_and_tells_what_the_file_is(given: str, shown: str) -> None:
    assert _filename(given, "image/png") == shown


def test_browsers_show_only_the_images_that_we_know() -> None:
    page = Attachment(sha256="0" * 64, filename="a b.html", media_type="text/html", size_bytes=1)
    assert _safe_type(page.media_type) == "application/octet-stream"
    assert _file_headers(page)["Content-Disposition"] == "attachment; filename*=UTF-8''a%20b.html"
    assert _safe_type("image/svg+xml") == "application/octet-stream"
    assert _safe_type("image/webp") == "image/webp"


@pytest.mark.parametrize(
    ("said", "kept"),
    [("fr", "fr"), ("fr_FR", "fr-FR"), ("zh-Hant-TW", "zh-Hant-TW"), ("<b>", None), ("", None), (None, None)],
)
def test_a_page_that_names_its_language_wrongly_still_gets_its_chat(said: str | None, kept: str | None) -> None:
    hello = HELLO.validate_python({"type": "hello", "session": "s", "language": said})
    assert hello.language == kept
