"""`customer-profile <role> [<role>…]`."""

from omnifil_servicekit.roles import service

from customer_profile.bootstrap import ROLES, bootstrap
from customer_profile.settings import Settings

app = service("customer-profile", Settings, bootstrap, ROLES)

if __name__ == "__main__":
    app()
