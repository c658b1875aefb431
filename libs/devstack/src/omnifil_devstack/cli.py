"""The `omnifil` command. What is heavy is imported by the command that needs it: `omnifil status` answers at once."""

import asyncio
import json
import sys
from functools import partial
from typing import Annotated

import typer
from rich.console import Console

from omnifil_devstack.errors import StackError, about

app = typer.Typer(
    name="omnifil",
    help="The whole suite on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_out = Console(highlight=False, soft_wrap=True)
_AsJson = Annotated[bool, typer.Option("--json", help="For a machine to read.")]


@app.command()
def up(detach: Annotated[bool, typer.Option("--detach", "-d", help="Go on in the background.")] = False) -> None:
    """Start everything and keep it running until Ctrl-C."""
    from omnifil_devstack import background, presentation, stack_file
    from omnifil_devstack.foreground import run_until_stopped
    from omnifil_devstack.stack_plan import StackPlan

    if detach:
        presentation.show_addresses(_out, background.start())
        return

    async def ready(stack: stack_file.Stack) -> None:
        presentation.show_addresses(_out, stack)
        _out.print("Ctrl-C stops it.")

    asyncio.run(run_until_stopped(StackPlan.of_this_checkout(), _out.print, ready))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Play both sides without a browser, check it, and end.")] = False,
    as_json: _AsJson = False,
    pause_s: Annotated[
        float | None, typer.Option("--pause", help="Seconds between e-mail and chat: 20, with --once 0.5.", min=0)
    ] = None,
) -> None:
    """Start everything, let sample customers write, and print the addresses."""
    from omnifil_devstack import demo, presentation

    if not once:
        show = partial(presentation.show_addresses, _out)
        asyncio.run(demo.play(_out.print, show, 20 if pause_s is None else pause_s))
        return
    quiet = Console(stderr=True, highlight=False, soft_wrap=True)  # the answer alone goes to standard output
    try:
        proof = demo.prove_or_stop(quiet.print, 0.5 if pause_s is None else pause_s)
    except StackError as problem:
        if as_json:
            print(json.dumps({"ok": False, "problems": [str(problem)]}, ensure_ascii=False))
            raise typer.Exit(1) from None
        raise
    if as_json:
        print(demo.as_line(proof))
    else:
        presentation.show_proof(_out, proof)
    if proof.problems:
        raise typer.Exit(1)


@app.command()
def down() -> None:
    """Stop everything that `up` started, here or in another terminal."""
    from omnifil_devstack import background

    _out.print("Stopped." if background.stop() else "Nothing runs.")


@app.command()
def status(as_json: _AsJson = False) -> None:
    """What runs, and whether it is ready; exit code 1 when it is not."""
    from omnifil_devstack import presentation, stack_file

    stack = stack_file.read()
    if stack is None:
        _out.print_json(data={"running": False}) if as_json else _out.print("Nothing runs: `omnifil up` starts it.")
        raise typer.Exit(1)
    if not presentation.show_status(_out, stack, as_json=as_json):
        raise typer.Exit(1)


@app.command()
def top(
    once: Annotated[
        bool, typer.Option("--once", help="Look once and end; exit code 1 when a process is not well.")
    ] = False,
    as_json: _AsJson = False,
    interval_s: Annotated[float, typer.Option("--interval", help="Seconds between two looks.", min=0.2)] = 2,
) -> None:
    """Watch what runs: rate and lag by channel and stage, who waits longest, what was set aside; `q` ends it."""
    from omnifil_devstack.watching import top as watching

    watching.running()
    console = Console(highlight=False)
    if once or as_json or not console.is_terminal:
        if not watching.show_once(console, interval_s, as_json=as_json):
            raise typer.Exit(1)
    else:
        watching.show_live(console, interval_s)


@app.command()
def logs(
    service: Annotated[str | None, typer.Argument(help="One process; all when not given.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.", min=0)] = 50,
) -> None:
    """The logs of the processes."""
    from omnifil_devstack import log_files

    log_files.show(sys.stdout, service, lines=lines, follow=follow)


@app.command()
def doctor(as_json: _AsJson = False) -> None:
    """Look at this machine and at the suite that runs on it, and say what to do about what is wrong."""
    from concurrent.futures import ThreadPoolExecutor

    from omnifil_devstack import examination, stack_file

    with ThreadPoolExecutor(1) as aside:  # the sums of the jars, while what is needed for the rest is imported
        machine = aside.submit(examination.examine)
        of_suite = []
        if (stack := stack_file.read()) is not None:
            from omnifil_devstack.watching.condition import examine_running

            of_suite = examine_running(stack)
        findings = [*machine.result(), *of_suite]
    if as_json:
        _out.print_json(data=[vars(finding) for finding in findings])
    else:
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            _out.print("[green]ok[/]  " if finding.ok else "[red]no[/]  ", end="")
            _out.print(f"{finding.what:<{width}}  {finding.says}", markup=False)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def clean_data() -> None:
    """Forget all that the suite has stored; logs and downloads stay."""
    import shutil

    from omnifil_devstack import stack_file
    from omnifil_devstack.folders import home
    from omnifil_devstack.supervisor import AlreadyRunning

    if stack_file.read() is not None:
        raise AlreadyRunning
    shutil.rmtree(home() / "data", ignore_errors=True)
    _out.print("Forgotten.")


@app.command()
def rebuild() -> None:
    """Build all dossiers anew from the timeline."""
    from omnifil_devstack import one_service

    raise typer.Exit(one_service.run("case-service", "rebuild"))


@app.command()
def export(
    as_json: _AsJson = False,
    customer: Annotated[str | None, typer.Option("--customer", help="Of this customer (id) alone.")] = None,
) -> None:
    """The dossiers with their conversations, their messages, and why each is there."""
    from omnifil_devstack import one_service

    options = ["--json"] * as_json + (["--customer", customer] if customer else [])
    raise typer.Exit(one_service.run("case-service", "export", *options))


correlation = typer.Typer(help="How the rules do that find each message its dossier.", no_args_is_help=True)
app.add_typer(correlation, name="correlation")


@correlation.command("report")
def correlation_report(
    as_json: _AsJson = False,
    since: Annotated[str | None, typer.Option(help="Only what was decided from this day on (2026-03-01, UTC).")] = None,
) -> None:
    """What each rule took, what agents corrected of it, and what became of suggestions."""
    from omnifil_devstack import one_service

    options = ["--json"] * as_json + (["--since", since] if since else [])
    raise typer.Exit(one_service.run("case-service", "correlation-report", *options))


def _mount_dead_letters() -> None:
    from omnifil_devstack import one_service

    one_service.lend_settings()
    from omnifil_messaging.dead_letter import app as dead_letters

    app.add_typer(dead_letters, name="dead-letter", help="Records that could not be processed: list, show, replay.")


def _mount_customers() -> None:
    from omnifil_devstack.persons import app as customers

    app.add_typer(customers, name="customer", help="Export or erase everything about a person.")


def main() -> None:
    """The entry point: a `StackError` is a sentence on standard error and exit code 1."""
    if "customer" in sys.argv[1:2] or sys.argv[1:] in ([], ["--help"]):
        _mount_customers()
    if "dead-letter" in sys.argv[1:2] or sys.argv[1:] in ([], ["--help"]):
        _mount_dead_letters()
    try:
        app()
    except StackError as problem:
        print(f"omnifil: {problem}", file=sys.stderr)
        sys.exit(1)
    except OSError as refused:
        print(f"omnifil: {about(refused)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
