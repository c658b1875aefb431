"""The sample shop: a page of orders with the chat widget, and the signature by which it vouches for a customer."""

import time

import jwt
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from omnifil_devstack.demo_world import CHAT_ACCOUNT, SHOP_NAME, SampleCustomer
from omnifil_devstack.world.pages import page
from omnifil_devstack.world.residents import Residents
from omnifil_devstack.world.settings import WorldSettings

_SIGNATURE_LIFE_S = 1800


def signed_identity(customer: SampleCustomer, widget_key: str) -> str:
    """What the shop's server tells the widget about who is signed in: HS256, audience the chat account."""
    now = int(time.time())
    claims = {
        "aud": CHAT_ACCOUNT,
        "sub": customer.shop_account,
        "email": customer.email,
        "email_verified": True,
        "name": customer.name,
        "iat": now,
        "exp": now + _SIGNATURE_LIFE_S,
    }
    return jwt.encode(claims, widget_key, algorithm="HS256")


def shop_routes(settings: WorldSettings, residents: Residents) -> APIRouter:
    """`/shop` for anybody, `/shop?as=<account>` for who is signed in there."""
    router = APIRouter(prefix="/shop")

    @router.get("")
    async def shop() -> HTMLResponse:
        return page("shop.html", SHOP=SHOP_NAME, CHAT=settings.chat_url, ACCOUNT=CHAT_ACCOUNT)

    @router.get("/customers")
    async def everybody() -> list[dict[str, object]]:
        return [_shown(customer) for customer in residents.all()]

    @router.get("/identity/{account}")
    async def identity(account: str) -> dict[str, str]:
        """The token for the widget; fetched again when it is about to end."""
        customer = residents.with_account(account)
        if customer is None:
            raise HTTPException(404, f"The shop has no customer {account}.")
        return {"token": signed_identity(customer, settings.widget_key.get_secret_value())}

    return router


def _shown(customer: SampleCustomer) -> dict[str, object]:
    orders = [vars(order) for order in customer.orders]
    return {"account": customer.shop_account, "name": customer.name, "email": customer.email, "orders": orders}
