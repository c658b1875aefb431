"""`<service> <role> [<role>…]`: the command line of every service in a few lines of its `main.py`."""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, NoReturn, TypeVar

import typer

from . import logs
from .process import Parts, run_process
from .settings import InvalidSettings, ServiceSettings, read

S = TypeVar("S", bound=ServiceSettings)

WRONG_USE = 2


def service(
    name: str,
    settings_type: type[S],
    bootstrap: Callable[[S, frozenset[str]], Parts],
    roles: Mapping[str, str],
) -> typer.Typer:
    """A typer app with one command per role, each of which takes further roles; other commands may be added to it.

    `roles` gives each role's one-line help; `bootstrap(settings, roles)` wires the parts of the roles asked for.
    """
    app = typer.Typer(
        name=name,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help=f"Runs one or several roles in one process: {name} {' '.join(roles)}",
    )
    for role, purpose in roles.items():
        app.command(role, help=purpose)(_command(name, settings_type, bootstrap, role, roles))
    # With a single command typer would take the role for an argument.
    app.callback()(_nothing)
    return app


def _nothing() -> None:
    return None


def _command(
    name: str,
    settings_type: type[S],
    bootstrap: Callable[[S, frozenset[str]], Parts],
    role: str,
    known: Iterable[str],
) -> Callable[..., None]:
    def command(
        also: Annotated[
            list[str] | None, typer.Argument(help="further roles in the same process", show_default=False)
        ] = None,
    ) -> None:
        asked = frozenset([role, *(also or [])])
        if unknown := sorted(asked - set(known)):
            fail(f"{name} has no role {', '.join(unknown)}; it has {', '.join(known)}.")
        settings = settings_or_exit(settings_type)
        logs.configure(name, settings)
        parts = bootstrap(settings, asked)
        code = run_process(
            name,
            settings=settings,
            app=parts.app,
            loops=parts.loops,
            health=parts.health,
            resources=parts.resources,
        )
        raise typer.Exit(code)

    return command


def settings_or_exit(settings_type: type[S]) -> S:
    """The settings, or their faults on standard error and exit code 2."""
    try:
        return read(settings_type)
    except InvalidSettings as error:
        fail(str(error))


def fail(sentence: str) -> NoReturn:
    """One sentence on standard error, exit code 2."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(WRONG_USE)
