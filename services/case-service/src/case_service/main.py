"""`case-service <role> [<role>…]`, `case-service rebuild` and `case-service openapi`."""

import json

import typer
from omnifil_servicekit.roles import service, settings_or_exit
from pydantic import SecretStr

from case_service.bootstrap import ROLES, bootstrap
from case_service.entrypoints import rebuild
from case_service.settings import Settings

app = service("case-service", Settings, bootstrap, ROLES)


@app.command("rebuild", help="Fold all timelines anew, correct the dossiers, say what differed. The relay may run.")
def rebuild_command() -> None:
    raise typer.Exit(rebuild.run(settings_or_exit(Settings)))


@app.command("openapi", help="Print the OpenAPI document of the internal API.")
def openapi_command() -> None:
    """Needs no settings: nothing is connected to."""
    settings = Settings(
        http_port=0, internal_token=SecretStr("not asked for"), case_reference_keys=(SecretStr("mints nothing"),)
    )
    print(json.dumps(bootstrap(settings, frozenset({"api"})).app.openapi(), indent=2))


if __name__ == "__main__":
    app()
