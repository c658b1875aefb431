"""`omnifil dead-letter list|show|replay`."""

import asyncio
import json
import logging
from collections.abc import Awaitable
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from omnifil_servicekit.errors import Transient
from rich.console import Console
from rich.table import Table
from rich.text import Text

from omnifil_messaging.dead_letter.letter import DeadLetter
from omnifil_messaging.dead_letter.shelf import Entry, NoSuchLetter, Replayed, Shelf, as_json
from omnifil_messaging.producer import Producer
from omnifil_messaging.settings import KafkaSettings

T = TypeVar("T")

app = typer.Typer(help="What could not be processed: look at it, and publish it again.", no_args_is_help=True)

Bootstrap = Annotated[
    str, typer.Option("--kafka", envvar="OMNIFIL_KAFKA_BOOTSTRAP", help="host:port of a broker.", show_default=True)
]
Prefix = Annotated[str, typer.Option("--topic-prefix", envvar="OMNIFIL_TOPIC_PREFIX", help="Prefix of every topic.")]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON.")]
OneTopic = Annotated[str, typer.Option("--topic", help="The source topic, such as inbound.email.v1.")]
_HERE = "127.0.0.1:9092"


@app.command("list")
def list_(
    topic: Annotated[str | None, typer.Option("--topic", help="Only this source topic; without it all.")] = None,
    pending: Annotated[bool, typer.Option("--pending", help="Only those that were not replayed.")] = False,
    kafka: Bootstrap = _HERE,
    topic_prefix: Prefix = "",
    json_: AsJson = False,
) -> None:
    """List dead letters, oldest first."""
    shelf = Shelf(_settings(kafka, topic_prefix))
    entries = [entry for entry in _run(shelf.entries(topic)) if not (pending and entry.replayed_at)]
    if json_:
        typer.echo(json.dumps([as_json(entry) for entry in entries]))
    elif entries:
        Console().print(_table(entries))
    else:
        typer.echo("No dead letters.")


@app.command()
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="partition:offset, from `list`.")],
    topic: OneTopic,
    kafka: Bootstrap = _HERE,
    topic_prefix: Prefix = "",
    json_: AsJson = False,
) -> None:
    """Show one dead letter whole, with what a customer wrote."""
    entry, letter = _run(Shelf(_settings(kafka, topic_prefix)).show(topic, letter_id))
    whole = as_json(entry) | _content(letter)
    if json_:
        typer.echo(json.dumps(whole))
        return
    for name, value in whole.items():
        if name not in ("value", "headers"):
            typer.echo(f"{name:17} {'' if value is None else _harmless(str(value))}")
    for name, value in whole["headers"].items():
        typer.echo(f"header            {_harmless(name)}: {_harmless(value)}")
    typer.echo(_harmless(whole["value"]))


@app.command()
def replay(
    topic: OneTopic,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="partition:offset, from `list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every one that was not replayed yet.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also those that were replayed before.")] = False,
    kafka: Bootstrap = _HERE,
    topic_prefix: Prefix = "",
    json_: AsJson = False,
) -> None:
    """Publish dead letters again to the topic they came from, exactly as they were."""
    if bool(ids) == everything:
        _fail("Say which: ids from `omnifil dead-letter list`, or --all.")

    async def replayed() -> Replayed:
        settings = _settings(kafka, topic_prefix)
        async with Producer(settings) as producer:
            return await Shelf(settings).replay(producer, topic, None if everything else ids, again=again)

    result = _run(replayed())
    if json_:
        typer.echo(json.dumps({"topic": topic, "replayed": result.replayed, "skipped": result.skipped}))
        return
    typer.echo(f"{len(result.replayed)} replayed to {topic}.")
    if result.skipped:
        typer.echo(f"{len(result.skipped)} were replayed before ({', '.join(result.skipped)}): --again repeats them.")


def _settings(kafka: str, topic_prefix: str) -> KafkaSettings:
    return KafkaSettings(kafka, topic_prefix, "omnifil-dead-letter")


def _run(work: Awaitable[T]) -> T:
    # What aiokafka says while it tries again is for services; a person gets our one sentence.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    async def main() -> T:
        return await work

    try:
        return asyncio.run(main())
    except (NoSuchLetter, Transient) as error:
        _fail(str(error))


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def _content(letter: DeadLetter) -> dict[str, Any]:
    return {
        "key": None if letter.key is None else letter.key.decode("utf-8", "backslashreplace"),
        "headers": {name: (value or b"").decode("utf-8", "backslashreplace") for name, value in letter.headers},
        "value": "" if letter.value is None else letter.value.decode("utf-8", "backslashreplace"),
    }


def _table(entries: list[Entry]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("topic", "id", "set aside", "cause", "detail", "replayed"):
        table.add_column(name, overflow="fold")
    for entry in entries:
        replayed = "" if entry.replayed_at is None else entry.replayed_at[:19]
        cells = (entry.topic, entry.id, entry.set_aside_at[:19], entry.cause, entry.detail[:120], replayed)
        table.add_row(*(Text(_harmless(cell)) for cell in cells))
    return table


def _harmless(text: str) -> str:
    """Without what steers a terminal: these are a stranger's words on an operator's screen."""
    return "".join(each if each.isprintable() or each in "\n\t" else repr(each)[1:-1] for each in text)
