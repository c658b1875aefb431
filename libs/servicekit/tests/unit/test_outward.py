import anyio.abc
import httpx
import pytest
from omnifil_servicekit.outward import Transport


class ResetAsItWasMade(anyio.abc.SocketStream):
    """What anyio's stream is like once its transport has closed: it has no socket any more."""

    _raw_socket = None  # type: ignore[assignment]

    async def receive(self, max_bytes: int = 65536) -> bytes:
        raise anyio.BrokenResourceError

    async def send(self, item: bytes) -> None:
        raise anyio.BrokenResourceError

    async def send_eof(self) -> None:
        raise anyio.BrokenResourceError

    async def aclose(self) -> None:
        return


async def test_a_connection_that_is_reset_as_it_is_made_is_a_connection_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def connect_tcp(**_: object) -> ResetAsItWasMade:
        return ResetAsItWasMade()

    monkeypatch.setattr(anyio, "connect_tcp", connect_tcp)
    async with httpx.AsyncClient(transport=Transport()) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get("http://peer.example/")
    async with httpx.AsyncClient() as http:
        with pytest.raises(AttributeError, match="getpeername"):  # the day this fails, Transport is no longer needed
            await http.get("http://peer.example/")


async def test_other_faults_of_the_program_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> httpx.Response:
        return None.anything  # type: ignore[attr-defined,no-any-return]

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", broken)
    async with httpx.AsyncClient(transport=Transport()) as http:
        with pytest.raises(AttributeError, match="anything"):
            await http.get("http://peer.example/")
