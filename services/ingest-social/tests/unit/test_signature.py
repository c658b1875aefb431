"""Only what the network signed is believed."""

from typing import Any

import pytest
from ingest_social.domain.signature import SignatureMissing, SignatureWrong, signed_by


def test_the_networks_signature_over_the_raw_bytes_is_believed(writer: Any) -> None:
    body = b'{"object" : "page"}'
    assert signed_by([writer.page], body, writer.signature(body)) == [writer.page]


@pytest.mark.parametrize("header", [None, ""])
def test_an_unsigned_webhook_is_refused(writer: Any, header: str | None) -> None:
    with pytest.raises(SignatureMissing):
        signed_by([writer.page], b"{}", header)


def test_a_changed_byte_or_another_secret_is_refused(writer: Any) -> None:
    right = writer.signature(b"{}")
    wrong = [
        writer.signature(b"{} "),
        writer.signature(b"{}", "another-secret"),
        right[7:],
        "sha1=" + right[7:],
        "sha256=é",
    ]
    for header in wrong:
        with pytest.raises(SignatureWrong):
            signed_by([writer.page], b"{}", header)


def test_an_attachment_is_fetched_from_the_network_only(writer: Any) -> None:
    page = writer.page
    assert page.vouches_for("https://scontent.xx.fbcdn.net/v/a.png")
    for url in (
        "http://scontent.xx.fbcdn.net/a.png",
        "https://fbcdn.net.evil.example/a",
        "https://evilfbcdn.net/a",
        "https://127.0.0.1/a",
        "file:///etc/passwd",
        "https://fbcdn.net@evil.example/",
    ):
        assert not page.vouches_for(url), url
