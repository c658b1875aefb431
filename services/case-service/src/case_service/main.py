"""`case-service <role> [<role>…]`, and its commands: `rebuild`, `export`, `correlation-report`."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from omnifil_servicekit.roles import service, settings_or_exit

from case_service.bootstrap import ROLES, bootstrap
from case_service.entrypoints import export, rebuild, report
from case_service.settings import Settings

app = service("case-service", Settings, bootstrap, ROLES)


@app.command("rebuild", help="Fold all timelines anew, correct the dossiers, say what differed. The relay may run.")
def rebuild_command() -> None:
    raise typer.Exit(rebuild.run(settings_or_exit(Settings)))


@app.command("export", help="The dossiers with their conversations, messages and why each is there.")
def export_command(
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for other tools.")] = False,
    customer_id: Annotated[str | None, typer.Option("--customer", help="Of this customer alone.")] = None,
) -> None:
    raise typer.Exit(export.run(settings_or_exit(Settings), customer_id=customer_id, as_json=as_json))


@app.command("correlation-report", help="What each rule took, and what agents corrected of it.")
def report_command(
    as_json: Annotated[bool, typer.Option("--json", help="For other tools.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only what was decided from then on (UTC)."),
    ] = None,
) -> None:
    at = since.replace(tzinfo=UTC) if since is not None else None
    raise typer.Exit(report.run(settings_or_exit(Settings), since=at, as_json=as_json))


if __name__ == "__main__":
    app()
