"""What people do on the played network: the routes behind its chat page, also used by the demo's story and by tests."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, HTTPException, Request, UploadFile
from fastapi.responses import Response, StreamingResponse

from omnifil_devstack.world.network.memory import as_json, now_ms
from omnifil_devstack.world.network.player import NetworkPlayer
from omnifil_devstack.world.network.settings import Person

_KEEP_ALIVE_S = 15
_HUES = (212, 340, 160, 28, 268)


def people_api(player: NetworkPlayer) -> APIRouter:
    """The routes `/network/…`."""
    router = APIRouter(prefix="/network")

    def known(psid: str) -> Person:
        if psid not in player.people:
            raise HTTPException(404, f"Nobody here has the id {psid}.")
        return player.people[psid]

    @router.get("/people")
    async def people() -> list[dict[str, str]]:
        return [player.profile(person) for person in player.people.values()]

    @router.get("/people/{psid}/picture")
    async def portrait(psid: str) -> Response:
        return Response(_drawn(known(psid)), media_type="image/svg+xml")

    @router.get("/people/{psid}/messages")
    async def messages(psid: str) -> list[dict[str, Any]]:
        known(psid)
        return [as_json(message) for message in player.memory.conversation(psid)]

    @router.post("/people/{psid}/messages")
    async def write(
        psid: str,
        text: Annotated[str, Form()] = "",
        hours_ago: Annotated[float, Form()] = 0,
        picture: Annotated[UploadFile | None, File()] = None,
    ) -> dict[str, Any]:
        """A form: `text`, `picture` (a file), `hours_ago` (what the network's clock says, for closed windows)."""
        known(psid)
        pictures = []
        if picture is not None and picture.size:
            pictures = [player.keep_picture(picture.content_type or "image/png", await picture.read())]
        if not text and not pictures:
            raise HTTPException(422, "Write something or choose a picture.")
        return as_json(player.write(psid, text, pictures, now_ms() - int(hours_ago * 3_600_000)))

    @router.post("/people/{psid}/look", status_code=204)
    async def look(psid: str) -> None:
        player.look(known(psid).psid)

    @router.post("/people/{psid}/page-replies")
    async def by_hand(psid: str, text: Annotated[str, Form()]) -> dict[str, Any]:
        """Somebody answers in the page's own inbox, outside of the suite: the app hears it as an echo."""
        return as_json(player.reply(known(psid).psid, text, by="page"))

    @router.get("/stream")
    async def stream(request: Request) -> StreamingResponse:
        """Server-sent events: the psid of each conversation in which something happened."""
        return StreamingResponse(_events(player, request), media_type="text/event-stream")

    @router.get("/cdn/{picture_id}")
    async def picture(picture_id: str) -> Response:
        found = player.memory.picture(picture_id)
        if found is None:
            raise HTTPException(404, "There is no such picture.")
        media_type, content = found
        return Response(content, media_type=media_type, headers={"cache-control": "max-age=86400"})

    @router.get("/waiting")
    async def waiting() -> dict[str, int]:
        """How many webhooks the app has not taken yet."""
        return {"webhooks": player.memory.waiting()}

    return router


async def _events(player: NetworkPlayer, request: Request) -> AsyncIterator[str]:
    changes = aiter(player.changes())
    following: asyncio.Future[str] = asyncio.ensure_future(anext(changes))
    try:
        yield ": connected\n\n"
        while not await request.is_disconnected():
            done, _ = await asyncio.wait({following}, timeout=_KEEP_ALIVE_S)
            if not done:
                yield ": still here\n\n"
                continue
            yield f"data: {following.result()}\n\n"
            following = asyncio.ensure_future(anext(changes))
    finally:
        following.cancel()


def _drawn(person: Person) -> str:
    hue = _HUES[int(person.psid) % len(_HUES)]
    initials = f"{person.first_name[:1]}{person.last_name[:1]}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" '
        f'fill="hsl({hue} 45% 42%)"/><text x="48" y="60" font-family="system-ui,sans-serif" font-size="36" '
        f'fill="#fff" text-anchor="middle">{initials}</text></svg>'
    )
