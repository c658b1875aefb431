"""`case-service <role> [<role>…]` and `case-service rebuild`."""

import typer
from omnifil_servicekit.roles import service, settings_or_exit

from case_service.bootstrap import ROLES, bootstrap
from case_service.entrypoints import rebuild
from case_service.settings import Settings

app = service("case-service", Settings, bootstrap, ROLES)


@app.command("rebuild", help="Fold all timelines anew, correct the dossiers, say what differed. The relay may run.")
def rebuild_command() -> None:
    raise typer.Exit(rebuild.run(settings_or_exit(Settings)))


if __name__ == "__main__":
    app()
