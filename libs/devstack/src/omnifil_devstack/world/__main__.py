"""`python -m omnifil_devstack.world`: the world as a process, until SIGTERM."""

import logging

import uvicorn

from omnifil_devstack.world.app import world_app
from omnifil_devstack.world.settings import WorldSettings

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = WorldSettings()  # from the environment
    uvicorn.run(
        world_app(settings), host=settings.host, port=settings.port, log_level="warning", timeout_graceful_shutdown=2
    )
