"""The play's HTTP client."""

import httpx


class _Steady(httpx.AsyncHTTPTransport):
    """A connection that was reset the moment it was made is an AttributeError in anyio 4.16: no connection."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except AttributeError as error:
            raise httpx.ConnectError(str(error)) from error


def client() -> httpx.AsyncClient:
    """As many connections as there are writers; idle ones are closed before the other side does it."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=3)
    return httpx.AsyncClient(timeout=30, transport=_Steady(trust_env=False, limits=limits), trust_env=False)
