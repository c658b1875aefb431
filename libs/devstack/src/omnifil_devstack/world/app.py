"""The world as one application: issuer, shop, network, mailbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from starlette.staticfiles import StaticFiles

from omnifil_devstack.world.issuer import Issuer, issuer_routes
from omnifil_devstack.world.mail import Post
from omnifil_devstack.world.mailbox_routes import mailbox_routes
from omnifil_devstack.world.network import NetworkPlayer, NetworkSettings
from omnifil_devstack.world.network.app import mount
from omnifil_devstack.world.pages import FOLDER, page
from omnifil_devstack.world.residents import Residents
from omnifil_devstack.world.settings import WorldSettings
from omnifil_devstack.world.shop import shop_routes


class Newcomer(BaseModel):
    """Somebody who moves in."""

    name: str = Field(min_length=3, max_length=80, pattern=r"^\S+( \S+)+$", description="First and last name.")
    language: str = Field("en", pattern="^(en|fr)$")


def world_app(settings: WorldSettings) -> FastAPI:
    """Everything on one port; `/health/ready` says when the mailboxes are as they were."""
    residents = Residents(settings.folder)
    network = NetworkPlayer(_network_settings(settings, residents))
    post = Post(settings, residents)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with network.running(), post.running():
            yield

    app = FastAPI(title="The demo's world", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(issuer_routes(Issuer(settings.url, settings.folder)))
    mount(app, network)
    app.include_router(shop_routes(settings, residents))
    app.include_router(mailbox_routes(post))
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))

    @app.get("/health/live")
    @app.get("/health/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/residents")
    async def move_in(newcomer: Newcomer) -> dict[str, str]:
        """Somebody new, who from now on has a mailbox, an account at the shop, and one on the network."""
        customer = residents.add(newcomer.name, newcomer.language)
        await post.open_mailbox(customer.email)
        network.people[customer.person.psid] = customer.person
        return {"email": customer.email, "account": customer.shop_account, "psid": customer.person.psid}

    @app.get("/")
    async def start() -> HTMLResponse:
        return page("start.html", DESKTOP=settings.desktop_url)

    @app.get("/network")
    async def network_page() -> HTMLResponse:
        return page("network.html", PAGE_NAME=page.escape(network.settings.page_name))

    return app


def _network_settings(settings: WorldSettings, residents: Residents) -> NetworkSettings:
    return NetworkSettings(
        webhook_url=settings.webhook_url,
        public_url=settings.url,
        database=settings.folder / "network.sqlite",
        app_secret=settings.messenger_app_secret.get_secret_value(),
        verify_token=settings.messenger_verify_token.get_secret_value(),
        page_token=settings.messenger_page_token.get_secret_value(),
        people=tuple(customer.person for customer in residents.all()),
    )
