"""The simulator: seeded, true to its rates, its messages those of the contract, and a stranger to the services."""

import ast
import re
import statistics
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import omnifil_testkit.simulator
import pytest
from omnifil_contracts.message import InboundMessage
from omnifil_testkit.simulator import AgentReplies, Rates, Said, SentReply, Simulation, measured, simulate, with_replies
from omnifil_testkit.simulator.adversaries import WAYS
from omnifil_testkit.simulator.plans import STICKY


@pytest.fixture(scope="module")
def months() -> Simulation:
    return simulate(7, 250, 6)


def test_the_same_seed_says_the_same_and_another_does_not() -> None:
    assert simulate(1, 20, 3).events == simulate(1, 20, 3).events
    assert simulate(1, 20, 3).events != simulate(2, 20, 3).events


def test_more_customers_change_nothing_for_those_who_were_there() -> None:
    few, many = simulate(1, 15, 3), simulate(1, 40, 3)
    there = {person.id for person in few.people}
    assert [each for each in few.said if each.truth.person in there] == [
        each for each in many.said if each.truth.person in there
    ]


def test_it_imports_the_contract_and_nothing_else_of_the_suite() -> None:
    """What is judged and what judges share no code."""
    folder = Path(omnifil_testkit.simulator.__file__).parent
    imported: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    own = "omnifil_testkit.simulator"
    suite = {
        name for name in imported if re.match(r"omnifil_|case_service|customer_profile|agent_gateway|ingest_", name)
    }
    assert {name for name in suite if not name.startswith((own, "omnifil_contracts"))} == set()


def test_conversations_begin_as_often_beside_another_as_was_published() -> None:
    lives = [life for seed in range(1, 3) for life in simulate(seed, 400, 6).lives]
    live, other = measured(lives)
    assert live == pytest.approx(0.27, abs=0.02)
    assert other == pytest.approx(0.72, abs=0.03)


def test_every_message_can_be_published(months: Simulation) -> None:
    for said in months.said:
        assert InboundMessage.of_bytes(said.message.model_dump_json().encode()) == said.message
    assert len({said.message.message_id for said in months.said}) == len(months.said)


def test_it_is_told_in_the_order_of_time_and_no_answer_comes_before_what_it_answers(months: Simulation) -> None:
    assert all(before.at <= after.at for before, after in pairwise(months.events))
    replied: set[str] = set()
    for event in months.events:
        if isinstance(event, AgentReplies):
            replied.add(event.key)
        elif isinstance(event, Said) and event.truth.role in ("customer", "copied", "machine"):
            assert set(event.answers) <= replied


def test_a_matter_told_again_has_more_words_in_common_than_two_matters_and_yet_they_overlap(months: Simulation) -> None:
    """What the text can tell of two conversations, and that it cannot tell everything."""
    told: dict[str, dict[str, set[str]]] = {}
    for said in months.said:
        if said.truth.role == "customer":
            conversations = told.setdefault(said.truth.matter, {})
            conversations.setdefault(said.message.conversation.conversation_id, _words(said.message.text))
    within, between = [], []
    for life in months.lives:
        matters = [list(told[matter.id].values()) for matter in life.matters]
        within += [_likeness(first, again) for first, *later in matters for again in later]
        between += [_likeness(one[0], other[0]) for one, other in pairwise(matters)]
    assert statistics.mean(within) > 2 * statistics.mean(between)
    assert min(within) < max(between)


def test_handles_that_are_threads_for_ever_keep_one_conversation(months: Simulation) -> None:
    for channel in STICKY:
        keys = {
            (said.message.sender.primary.identity.key, said.message.conversation.conversation_id)
            for said in months.said
            if said.message.channel == channel
        }
        assert len({handle for handle, _ in keys}) == len(keys)


def test_everything_that_makes_it_hard_happens() -> None:
    months = simulate(3, 400, 6, replace(Rates(), impostors=0.4))
    said = months.said
    assert {each.truth.way for each in said if each.truth.role == "impostor"} == set(WAYS)
    assert {"customer", "copied", "outsider", "machine"} < {each.truth.role for each in said}
    assert {"auto-reply", "bounce", "list"} == {each.message.automatic for each in said} - {None}
    owners: dict[str, set[str]] = {}
    for each in said:
        for key in each.truth.own:
            owners.setdefault(key, set()).add(each.truth.person)
    shared = {key.split(":")[0] for key, persons in owners.items() if len(persons) > 1}
    assert {"email", "phone", "visitor"} <= shared
    orders = Counter(matter.order for life in months.lives for matter in life.matters)
    assert orders.most_common(1)[0][1] > 1
    assert len({life.person.language for life in months.lives}) == 2


def test_an_impostor_owns_no_handle_of_the_victim(months: Simulation) -> None:
    owned = {key for each in months.said if each.truth.role == "customer" for key in each.truth.own}
    assert not owned & {key for each in months.said if each.truth.role == "impostor" for key in each.truth.own}


def test_an_answer_brings_back_what_the_reply_carried(months: Simulation) -> None:
    said = next(each for each in months.said if each.answers and each.message.channel == "email")
    sent = {key: SentReply(f"om1-{at}", f"<{at}@reply.example>") for at, key in enumerate(said.answers)}
    message = with_replies(said, sent)
    assert message.ancestors[: len(sent)] == tuple(f"<{at}@reply.example>" for at in range(len(sent)))
    assert message.references == tuple(f"om1-{at}" for at in range(len(sent)))
    assert with_replies(said, {}) == said.message


def test_a_quoted_number_is_filled_in(months: Simulation) -> None:
    said = next(each for each in months.said if each.quotes and "{number}" in (each.message.subject or ""))
    message = with_replies(said, {}, "D-7K3F-92QX")
    assert "D-7K3F-92QX" in (message.subject or "")
    assert "{" not in message.text


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text.lower()))


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0
