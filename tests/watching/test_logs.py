"""The logs of a day with everything in it: structured, and without anything of a person. On the whole suite."""

import dataclasses
import io
import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from log_inspection import lines, personal_values
from log_inspection.lines import Line
from log_inspection.personal_values import MARK, SCHEMAS, Personal
from log_inspection.trouble import Trouble
from omnifil_contracts.message import InboundMessage
from omnifil_devstack.credentials import Credentials
from omnifil_devstack.folders import home
from omnifil_devstack.stack_file import Stack
from omnifil_devstack.story.agent import Agent
from omnifil_devstack.story.customer import World
from omnifil_servicekit import logs
from omnifil_servicekit.settings import ServiceSettings
from pydantic import SecretStr, ValidationError

OURS = {"email", "chat", "social", "messenger"}
"""Evidence names the channel or network it comes from. These words are no one's."""


@pytest.fixture
def services(stack: Stack) -> list[str]:
    """The world is the customers' side: what it logs is not ours."""
    return [service for service in stack.services if service != "world"]


def secrets(stack: Stack) -> set[Personal]:
    made = Credentials.of(home() / "data").model_dump()
    return {Personal(value, name) for name, value in made.items()} | {
        Personal(login.password, "password") for login in stack.mailboxes
    }


def told(found: Iterable[object]) -> str:
    return "\n".join(dict.fromkeys(str(each) for each in list(found)[:40]))


@pytest.mark.e2e
@pytest.mark.timeout(300)
async def test_a_day_with_all_its_trouble_leaves_nothing_of_a_person_in_any_log(
    stack: Stack,
    http: httpx.AsyncClient,
    agent: Agent,
    world: World,
    services: list[str],
    omnifil: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    played = omnifil("demo", "--once", "--json")
    assert played.returncode == 0, played.stdout + played.stderr
    trouble = Trouble(stack, http, agent, world)
    await trouble.make()

    personal = await personal_values.of_all_topics(stack.kafka)
    fields = {each.field.rsplit(".", 1)[-1] for each in personal}
    assert fields >= {"text", "subject", "display_name", "customer_name", "value", "values", "filename", "name"}
    assert len(trouble.said) > 15
    sought = {each for each in personal | trouble.said | secrets(stack) if each.text.casefold() not in OURS}
    # Who of the company has exported or erased somebody has to be known: by the id that they sign in with.
    agents = {login.username.casefold() for login in stack.issuer.agents}
    sought = {each for each in sought if each.text.casefold().split(" ")[0] not in agents}

    written = lines.read(Path(stack.logs), services)
    assert {line.service for line in written} == set(services)
    events = {line.event["event"] for line in written if line.event}
    assert events >= {"request", "record_set_aside", "mail_set_aside", "webhook_parts_set_aside", "batch_waits"}, events
    form = list(lines.out_of_form(written))
    assert not form, told(form)
    leaks = list(lines.leaks(written, sought))
    assert not leaks, told(leaks)

    # The same search finds each of these values once somebody logs it.
    for each in sought:
        if sum(map(str.isalnum, each.text)) >= lines.TELLING_CHARS:
            line = Line("case-service", 1, "", {"event": "noted", "about": f"it was {each.text} again"})
            assert next(lines.leaks([line], [each]), None), each


def marked_fields(schema: Any) -> int:
    if isinstance(schema, dict):
        return (schema.get(MARK) is True) + sum(marked_fields(each) for each in schema.values())
    return sum(marked_fields(each) for each in schema) if isinstance(schema, list) else 0


def test_every_marked_field_of_a_record_is_found_by_walking_it() -> None:
    schema = SCHEMAS[InboundMessage.ce_type]
    person: dict[str, Any] = {"identity": {"kind": "email", "value": "handle"}, "assurance": "claimed"}
    person["evidence"] = [{"code": "typed", "values": {"what": "evidence"}}]
    file = {"filename": "file name", "media_type": "image/png", "sha256": "0" * 64, "size_bytes": 1}
    record = {
        "channel": "email", "account": "nobody", "subject": "subject", "text": "text", "html": "html",
        "sender": {"primary": person, "others": [person], "display_name": "sender"},
        "participants": [{"identity": {"kind": "email", "value": "participant"}, "display_name": "in copy"}],
        "attachments": [file], "raw": file,
    }  # fmt: skip
    found = {each.text for each in personal_values.marked_in(record, schema, schema)}
    assert found == {
        "subject", "text", "html", "handle", "evidence", "sender", "participant", "in copy", "file name",
    }  # fmt: skip
    without = json.loads(json.dumps(schema).replace(f'"{MARK}": true', f'"{MARK}": false'))
    assert marked_fields(schema) >= 8
    assert not list(personal_values.marked_in(record, without, without))


Logged = Callable[[], list[Line]]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterable[Callable[[], Logged]]:
    """Makes this process log as a service does; what it returns gives the lines."""

    def configured() -> Logged:
        stdout = io.StringIO()
        monkeypatch.setattr("sys.stdout", stdout)
        logs.configure("case-service", ServiceSettings(http_port=0, internal_token=SecretStr("between-us")))
        return lambda: [Line("case-service", 1, text, json.loads(text)) for text in stdout.getvalue().splitlines()]

    yield configured
    structlog.reset_defaults()


def log_an_invalid_record(text: str) -> None:
    try:
        InboundMessage.model_validate({"channel": "email", "sender": text})
    except ValidationError as error:
        structlog.get_logger("test").error("not_read", exc_info=error, sender=text)


def test_without_redaction_the_same_inspection_finds_what_was_logged(
    service: Callable[[], Logged], monkeypatch: pytest.MonkeyPatch
) -> None:
    sought = Personal("Ottilie Sondername schrieb es selbst", "text")
    redacted = service()
    log_an_invalid_record(sought.text)
    assert len(redacted()) == 1
    assert not list(lines.leaks(redacted(), [sought]))
    monkeypatch.setattr(logs, "redact", lambda _logger, _method, event: event)
    bare = service()
    log_an_invalid_record(sought.text)
    assert list(lines.leaks(bare(), [sought]))


@pytest.mark.parametrize("text", ["I am on my way.", "Ottilie", "Wo ist der Schirm, den ich bei Ihnen bestellt habe?"])
def test_a_text_of_short_words_is_found_as_a_whole_and_others_by_a_part(text: str) -> None:
    line = Line("case-service", 1, "", {"event": "noted", "about": f"it was {text} again"})
    assert list(lines.leaks([line], [Personal(text, "message.text")]))
    assert not list(lines.leaks([line], [Personal("I am on my train", "message.text")]))


@pytest.mark.parametrize("damage", ["event", "level", "service", "timestamp"])
def test_a_line_without_an_agreed_field_is_out_of_form(damage: str) -> None:
    event = dict.fromkeys(lines.AGREED, "x") | {"level": "info", "service": "toy"}
    whole = Line("toy", 1, json.dumps(event), event)
    assert not list(lines.out_of_form([whole]))
    assert list(lines.out_of_form([dataclasses.replace(whole, event={k: v for k, v in event.items() if k != damage})]))
    assert list(lines.out_of_form([dataclasses.replace(whole, event=None)]))
