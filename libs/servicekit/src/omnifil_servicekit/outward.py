"""HTTP to others: every failure to reach them is an `httpx.TransportError`."""

import httpx


class Transport(httpx.AsyncHTTPTransport):
    """httpx's own, but for a connection that is reset in the moment in which it is made.

    anyio 4.16 asks it for its peer then and raises AttributeError, which no caller takes for a peer that is away: a
    consumer would set the record aside.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except AttributeError as error:
            if error.name != "getpeername":
                raise
            raise httpx.ConnectError("The connection was reset as it was made.", request=request) from error
