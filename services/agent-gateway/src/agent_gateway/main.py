"""`agent-gateway serve`: the agents' door."""

from omnifil_servicekit.roles import service

from agent_gateway.bootstrap import bootstrap
from agent_gateway.settings import GatewaySettings

app = service(
    "agent-gateway",
    GatewaySettings,
    bootstrap,
    roles={"serve": "Serves the agents' API, live stream and desktop."},
)

if __name__ == "__main__":
    app()
