"""`case-service <role> [<role>…]`, and `case-service rebuild`."""

from omnifil_servicekit.roles import service

from case_service.bootstrap import ROLES, bootstrap
from case_service.settings import Settings

app = service("case-service", Settings, bootstrap, ROLES)

if __name__ == "__main__":
    app()
