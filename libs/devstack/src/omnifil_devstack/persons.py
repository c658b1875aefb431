"""`omnifil customer …`: what is held of a person, exported or erased, through the gateway as an agent who may."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from omnifil_devstack import stack_file
from omnifil_devstack.errors import StackError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Export or erase everything about a person.")

_READING_ALL_S = 600
_PAUSE_S = 0.5
_CustomerId = Annotated[str, typer.Argument(metavar="ID", help="The customer's id, as the desktop's address has it.")]


@app.command()
def export(
    customer_id: _CustomerId,
    to: Annotated[Path, typer.Option("--to", help="The ZIP to write.", dir_okay=False)],
) -> None:
    """Everything about a person as JSON with the files they sent and got; nothing that others wrote."""
    beside = to.with_name(f".{to.name}.part")
    with _gateway() as gateway:
        try:
            with gateway.stream("GET", f"customers/{customer_id}/export") as answer:
                if answer.is_error:
                    answer.read()
                _refused(answer)
                with beside.open("wb") as out:
                    for chunk in answer.iter_bytes():
                        out.write(chunk)
            beside.replace(to)
        finally:
            beside.unlink(missing_ok=True)
    print(f"{to} has everything about {customer_id} ({to.stat().st_size:,} bytes).")


@app.command()
def erase(
    customer_id: _CustomerId,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="request, objection, consent-withdrawn, retention, other.")
    ] = "request",
    wait_s: Annotated[
        float, typer.Option("--wait", help="Seconds to wait for the end; it goes on without us.", min=0)
    ] = 600,
    as_json: Annotated[bool, typer.Option("--json", help="For a machine to read.")] = False,
) -> None:
    """Erase everything about a person, for good. Exit code 1: not begun; 3: begun, and not done yet."""
    with _gateway() as gateway:
        asked = {"command_id": uuid.uuid4().hex, "reason": reason}
        planned = _asked(gateway.post(f"customers/{customer_id}/erase", json={**asked, "dry_run": True}))
        if dry_run:
            print(json.dumps(planned)) if as_json else print(_told(planned, "Would go"))
            return
        if not yes:
            print(_told(planned, "Will go"))
            typer.confirm("Nobody can bring this back. Erase it?", abort=True)
        begun = _asked(gateway.post(f"customers/{customer_id}/erase", json=asked))
        say = (lambda said: None) if as_json else print
        erasure = _until_done(gateway, begun["erasure_id"], wait_s, say)
    print(json.dumps(erasure)) if as_json else print(_told(erasure, "Gone"))
    if erasure["state"] != "done":
        raise typer.Exit(3)


@app.command()
def erasure(erasure_id: Annotated[str, typer.Argument(metavar="ERASURE", help="As `erase` said it.")]) -> None:
    """How far an erasure is."""
    with _gateway() as gateway:
        print(_told(_asked(gateway.get(f"erasures/{erasure_id}")), "Gone so far"))


@app.command()
def erase_again() -> None:
    """After MongoDB was restored: whoever was erased since that backup is erased again."""
    from omnifil_devstack import one_service

    raise typer.Exit(one_service.run("customer-profile", "erase-again"))


def _until_done(gateway: httpx.Client, erasure_id: str, wait_s: float, say: Callable[[str], None]) -> dict[str, Any]:
    deadline, said = time.monotonic() + wait_s, ""
    while True:
        erasure = _asked(gateway.get(f"erasures/{erasure_id}"))
        waits = f", waits for {', '.join(erasure['waits_for'])}" if erasure["waits_for"] else ""
        if (now := f"{erasure['step']}{waits}") != said:
            said = now
            say(f"erasure {erasure_id}: {now}")
        if erasure["state"] == "done" or time.monotonic() > deadline:
            return erasure
        time.sleep(_PAUSE_S)


def _told(erasure: dict[str, Any], what: str) -> str:
    counts = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in erasure["counts"].items())
    others = [each for each in erasure["customer_ids"] if each != erasure["customer_id"]]
    merged = f" (and of {', '.join(others)}, merged into them)" if others else ""
    state = "" if erasure["state"] != "running" else f" It is not done yet ({erasure['step']}), and goes on by itself."
    return f"{what} of {erasure['customer_id']}{merged}: {counts or 'nothing'}.{state}"


@contextmanager
def _gateway() -> Iterator[httpx.Client]:
    """Signed in as the first agent of the demo, who has the role for it."""
    stack = stack_file.read()
    if stack is None:
        raise StackError("Nothing runs: start the suite with `omnifil up`, then try again.")
    login = stack.issuer.agents[0]
    form = {"grant_type": "password", "username": login.username, "password": login.password}
    try:
        with httpx.Client(timeout=_READING_ALL_S, trust_env=False) as client:
            token = _asked(client.post(stack.issuer.token_endpoint, data=form))["access_token"]
            client.base_url = httpx.URL(f"{stack.agent_gateway.url}/api/v1/")
            client.headers["authorization"] = f"Bearer {token}"
            yield client
    except httpx.HTTPError as error:
        raise StackError(f"The gateway does not answer ({type(error).__name__}): look at `omnifil status`.") from error


def _asked(answer: httpx.Response) -> dict[str, Any]:
    _refused(answer)
    return dict(answer.json())


def _refused(answer: httpx.Response) -> None:
    """Raises what the gateway says, as a sentence."""
    if answer.is_error:
        try:
            told = answer.json()
        except ValueError:
            told = {}
        raise StackError(str(told.get("detail") or told.get("title") or f"The gateway answers {answer.status_code}."))
