"""What is new in a reply."""

import pytest
from ingest_email.domain.html import as_text, sanitised
from ingest_email.domain.quotes import without_quotes

NEW = "Thanks, it has arrived."
QUOTED = "> Where is it?\n> I wait."


@pytest.mark.parametrize(
    "attribution",
    [
        "On Mon, 2 Mar 2026 at 12:00, Shop <support@brume.example> wrote:",
        "On Mon, 2 Mar 2026 at 12:00,\nShop <support@brume.example>\nwrote:",
        "Le lun. 2 mars 2026 à 12:00, Atelier Brume <support@brume.example> a écrit :",
        "Am Mo., 2. März 2026 um 12:00 Uhr schrieb Shop <support@brume.example>:",
        "Shop <support@brume.example> schrieb am 2. März 2026:",
        "",
    ],
)
def test_a_quotation_below_is_split_off(attribution: str) -> None:
    assert without_quotes(f"{NEW}\n\n{attribution}\n{QUOTED}\n") == NEW


@pytest.mark.parametrize(
    "divider",
    [
        "-----Original Message-----",
        "-----Message d'origine-----",
        "-----Ursprüngliche Nachricht-----",
        "________________________________\nFrom: Shop\nSent: Monday\nTo: Clara\nSubject: Order",
        "De : Shop\nEnvoyé : lundi\nÀ : Clara\nObjet : Commande",
        "Von: Shop\nGesendet: Montag\nAn: Clara\nBetreff: Bestellung",
    ],
)
def test_outlooks_way_is_split_off(divider: str) -> None:
    assert without_quotes(f"{NEW}\n\n{divider}\n\nWhere is it?\n") == NEW


@pytest.mark.parametrize(
    "text",
    [
        "> Where is it?\nHere.\n> And the bill?\nThere.",  # answers between the lines
        "On Monday I wrote:\nyou never answered.",
        f"On Mon, Shop wrote:\n{QUOTED}\n\nThat is my answer.",  # the answer is below
        "---------- Forwarded message ---------\nFrom: Bob\nDate: Monday\nSubject: x\nTo: Clara\n\nlook",
        "From: here it looks broken\nTo: me it is fine",
        "> only a quotation",
        "The price is > 5 and < 7.",
    ],
)
def test_when_in_doubt_everything_is_kept(text: str) -> None:
    assert without_quotes(text) == text


def test_a_forward_is_kept_whole() -> None:
    text = "fyi\n\nFrom: Bob\nSent: Monday\nTo: Clara\nSubject: x\n\nlook"
    assert without_quotes(text, "Fwd: x") == text
    assert without_quotes(text, "Re: x") == "fyi"


def test_quotations_in_html_are_quotations() -> None:
    html = (
        "<div>New words</div><div>On Mon, Shop wrote:</div><blockquote>old<blockquote>older</blockquote></blockquote>"
    )
    assert without_quotes(as_text(sanitised(html, {}))) == "New words"


def test_a_long_line_is_no_problem() -> None:
    assert without_quotes("On " + "x " * 200_000).startswith("On x")
