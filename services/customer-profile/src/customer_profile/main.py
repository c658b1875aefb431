"""`customer-profile <role> [<role>…]` and `customer-profile erase-again`."""

import typer
from omnifil_servicekit.roles import service, settings_or_exit

from customer_profile.bootstrap import ROLES, bootstrap
from customer_profile.entrypoints import erase_again
from customer_profile.settings import Settings

app = service("customer-profile", Settings, bootstrap, ROLES)


@app.command("erase-again", help="After a restore: whoever was erased since that backup is erased again.")
def erase_again_command() -> None:
    raise typer.Exit(erase_again.run(settings_or_exit(Settings)))


if __name__ == "__main__":
    app()
