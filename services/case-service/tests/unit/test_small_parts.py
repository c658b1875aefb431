"""Tokens, numbers, subjects and search words."""

import pytest
from case_service.domain.references import DEFAULT_PATTERNS, references_in
from case_service.domain.search import asked_words, words_of
from case_service.domain.subjects import answering, subject_of
from case_service.domain.tokens import Minting, tokens_in
from omnifil_contracts import ids
from omnifil_testkit.builders import an_inbound_message

OUTBOUND = ids.outbound_id("reply", "conversation")


def test_a_reference_is_known_again_whatever_surrounds_it() -> None:
    minting = Minting((b"key",))
    reference = minting.mint(outbound_id=OUTBOUND, dossier_id="d", conversation_id="c")
    for said in (reference, f"<{reference}.{OUTBOUND}@shop.example>", f"support+{reference.upper()}", f"x {reference}"):
        (token,) = tokens_in([said, said])
        assert token.outbound_id == OUTBOUND
        assert minting.is_ours(token, dossier_id="d", conversation_id="c")
        assert not minting.is_ours(token, dossier_id="other", conversation_id="c")
        assert not minting.is_ours(token, dossier_id="d", conversation_id="other")
    assert tokens_in(["om1-short-x", "<a@b>"]) == ()


def test_keys_are_rotated_without_losing_what_the_old_one_minted() -> None:
    old, new, both = Minting((b"old",)), Minting((b"new",)), Minting((b"new", b"old"))
    place = {"dossier_id": "d", "conversation_id": "c"}
    (token,) = tokens_in([old.mint(outbound_id=OUTBOUND, **place)])
    assert both.is_ours(token, **place)
    assert not new.is_ours(token, **place)
    assert both.mint(outbound_id=OUTBOUND, **place) == new.mint(outbound_id=OUTBOUND, **place)
    with pytest.raises(ValueError, match="key"):
        Minting(())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Order 4711 has not arrived", {"order:4711"}),
        ("Ma commande n° AB-12345 ?", {"order:AB12345"}),
        ("Facture nº: 99120, order #4711", {"invoice:99120", "order:4711"}),
        ("In order to arrive in 2026", set()),
        ("order me a taxi", set()),
        ("reorder 4711x", set()),
        ("I ordered 3 of them", set()),
    ],
)
def test_numbers_that_customers_name(text: str, named: set[str]) -> None:
    assert {each.key for each in references_in(DEFAULT_PATTERNS, text, None)} == named


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("RE: Fwd: AW: Order 4711", "", "Order 4711"),
        ("Re:", "  \nHello,   are you there?\nyes", "Hello, are you there?"),
        (None, "word " * 40, ("word " * 15).strip() + "…"),
        (None, "", None),
    ],
)
def test_what_a_dossier_is_about(subject: str | None, text: str, expected: str | None) -> None:
    assert subject_of(an_inbound_message(subject=subject, text=text)) == expected


def test_the_subject_of_an_answer_says_re_once() -> None:
    assert [answering(each) for each in ("Order", "Re: Order", "AW: Order", None)] == [
        "Re: Order",
        "Re: Order",
        "AW: Order",
        None,
    ]


@pytest.mark.parametrize(
    "asked", ["D-7K3F-92QX", "d-7k3f", "D7K3F92QX", "7k3f", "92qx", "elodie", "Élo", "commande arr", ""]
)
def test_a_dossier_is_found_by_beginnings(asked: str) -> None:
    words = words_of("D-7K3F-92QX", "Où est ma commande ? Arrivée", "Élodie Ørsted")
    assert all(any(word.startswith(wanted) for word in words) for wanted in asked_words(asked))


def test_a_dossier_is_not_found_by_what_it_does_not_have() -> None:
    words = words_of("D-7K3F-92QX", "Where is it", None)
    assert not any(word.startswith(wanted) for word in words for wanted in asked_words("here"))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ["order" + " " * 20_000, "order no " * 3_000, "order #" + "a-" * 9_000, "1" * 20_000])
def test_a_hostile_text_costs_no_more_than_another(text: str) -> None:
    for _ in range(20):
        references_in(DEFAULT_PATTERNS, text)
        subject_of(an_inbound_message(subject=("re" + text)[:1000], text=text))
        answering(("re" + text)[:1000])
