"""`customer-profile <role> [<role>…]`."""

import json

from omnifil_servicekit.roles import service

from customer_profile.bootstrap import ROLES, bootstrap
from customer_profile.entrypoints.api import openapi
from customer_profile.settings import Settings

app = service("customer-profile", Settings, bootstrap, ROLES)


@app.command("openapi", help="Print the OpenAPI document of the internal API.")
def print_openapi() -> None:
    print(json.dumps(openapi(), indent=2))


if __name__ == "__main__":
    app()
