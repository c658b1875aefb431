"""Message-IDs, threads, and the references that come back."""

import time

import pytest
from email_scenes.mails import a_mail
from ingest_email.domain import message_ids
from ingest_email.domain.limits import Limits
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.domain.normalise import draft

REFERENCE = "om1-abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwx"
OUTBOUND = "5fca2d2f-954d-515c-965e-7b2b1ebd0801"
OURS = f"<{REFERENCE}.{OUTBOUND}@brume.example>"


def test_the_longest_field_without_any_id_is_read_in_one_go() -> None:
    """It took minutes when each character was tried as the beginning of an id."""
    began = time.process_time()
    assert message_ids.listed("a" * Limits().header_bytes) == ()
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("field", "ids"),
    [
        ("<a@x> <b@x>", ("<a@x>", "<b@x>")),
        ("<a@x>,<b@x>", ("<a@x>", "<b@x>")),
        ("a@x b@x", ("<a@x>", "<b@x>")),
        ('Your message of "Monday" <a@x>', ("<a@x>",)),
        ("<long-id-that-was-fol ded@x>", ("<long-id-that-was-folded@x>",)),
        ("<a@x> <a@x>", ("<a@x>",)),
        ("nothing here", ()),
        ("<no-at-sign>", ("<no-at-sign>",)),
    ],
)
def test_ids_in_well_and_malformed_fields(field: str, ids: tuple[str, ...]) -> None:
    assert message_ids.listed(field) == ids


def test_an_endless_id_is_bounded() -> None:
    (one,) = message_ids.listed(f"<{'a' * 1900}@x>")
    assert len(one) < 1000


@pytest.mark.parametrize(
    ("in_reply_to", "references", "root", "ancestors"),
    [
        ("", "", "<own@x>", ()),
        ("<p@x>", "", "<p@x>", ("<p@x>",)),
        ("<p@x>", "<r@x> <q@x> <p@x>", "<r@x>", ("<p@x>", "<q@x>", "<r@x>")),
        ("<p@x>", "<r@x>", "<r@x>", ("<p@x>", "<r@x>")),
        ("", "<r@x> <p@x>", "<r@x>", ("<p@x>", "<r@x>")),
        ("<own@x>", "<own@x>", "<own@x>", ()),
    ],
)
def test_the_root_names_the_conversation(
    in_reply_to: str, references: str, root: str, ancestors: tuple[str, ...]
) -> None:
    thread = message_ids.thread("<own@x>", in_reply_to, references, limit=50)
    assert (thread.root, thread.ancestors) == (root, ancestors)


def test_a_long_thread_keeps_its_newest_and_its_root() -> None:
    thread = message_ids.thread("<own@x>", "", " ".join(f"<{n}@x>" for n in range(200)), limit=50)
    assert len(thread.ancestors) == 50
    assert (thread.ancestors[0], thread.ancestors[-1], thread.root) == ("<199@x>", "<0@x>", "<0@x>")


def test_our_message_id_carries_the_reference_and_gives_it_back() -> None:
    minted = message_ids.mint(REFERENCE, OUTBOUND, "brume.example")
    assert minted == OURS
    assert message_ids.ours(minted, "brume.example") == message_ids.OurMessageId(REFERENCE, OUTBOUND, "brume.example")
    assert message_ids.ours(minted, "other.example") is None


def test_a_reference_that_no_id_can_hold_is_left_out() -> None:
    minted = message_ids.mint("evil>\r\nBcc: x@y", OUTBOUND, "brume.example")
    assert minted == f"<omnifil.{OUTBOUND}@brume.example>"


def test_references_come_from_the_thread_and_from_plus_addresses(us: OurMailbox) -> None:
    raw = a_mail(in_reply_to=OURS, cc="support+om1-Two@brume.example")
    assert draft(raw, us, Limits()).references == (REFERENCE, "om1-Two")


def test_what_others_mint_is_no_reference_of_ours(us: OurMailbox) -> None:
    assert draft(a_mail(in_reply_to=OURS.replace("brume", "evil")), us, Limits()).references == ()


def test_our_own_mail_is_known_by_its_id(us: OurMailbox) -> None:
    assert draft(a_mail(message_id=OURS), us, Limits()).own_outbound_id == OUTBOUND
    assert draft(a_mail(), us, Limits()).own_outbound_id is None
