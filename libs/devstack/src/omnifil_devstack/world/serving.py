"""An application served inside the running event loop, on a port of one's own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from omnifil_devstack.ports import HOST


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[str]:
    """Serve `app` until the context ends; yields its base address without a slash at the end."""
    config = uvicorn.Config(
        app, host=HOST, port=port, log_level="warning", timeout_graceful_shutdown=2, ws="websockets-sansio"
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    started = asyncio.create_task(server.up.wait())
    await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        started.cancel()
        await serving  # raises what kept it from starting
        raise RuntimeError(f"nothing is served on port {port}")
    try:
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Says when it listens, and leaves the signals to whoever runs the loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.up.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
