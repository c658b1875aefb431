"""Whose mailbox an address is: the same for two spellings only where it is one mailbox."""

import pytest
from ingest_email.domain.addresses import normalised


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Claire.MARTIN@Post.Example.", "claire.martin@post.example"),
        ("claire@faß.example", "claire@xn--fa-hia.example"),  # in IDNA 2003 it was fass.example, which may be another's
        ("claire@fass.example", "claire@fass.example"),
        ("claire@BÜCHER.example", "claire@xn--bcher-kva.example"),
        ("claire@post。example", "claire@post.example"),
        ("\N{KELVIN SIGN}laus@post.example", "\N{KELVIN SIGN}laus@post.example"),
        ("claire@" + "a" * 64 + ".example", None),
        ("claire@\N{ZERO WIDTH SPACE}", None),
        ("claire", None),
    ],
)
def test_an_address_is_read_as_mail_would_be_sent_to_it(written: str, read: str | None) -> None:
    assert normalised(written) == read
