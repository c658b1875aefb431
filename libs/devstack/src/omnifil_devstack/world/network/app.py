"""The network player as an application of its own, for tests and for whoever wants only that."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from omnifil_devstack.world.network.graph import GraphError, graph_api, graph_error
from omnifil_devstack.world.network.player import NetworkPlayer
from omnifil_devstack.world.network.routes import people_api
from omnifil_devstack.world.network.settings import NetworkSettings


def mount(app: FastAPI, player: NetworkPlayer) -> None:
    """Put the network's routes on an application, which must keep `player.running()` open."""
    app.add_exception_handler(GraphError, graph_error)
    app.include_router(graph_api(player))
    app.include_router(people_api(player))


def network_app(settings: NetworkSettings) -> FastAPI:
    """Only the network: Graph API, people's routes, webhooks. `app.state` is not used; `running` is its lifespan."""
    player = NetworkPlayer(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with player.running():
            yield

    app = FastAPI(title="Network player", lifespan=lifespan)
    mount(app, player)
    return app
