"""The mailbox page's routes: what a customer sees, and writing as one."""

from email.message import EmailMessage, Message
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, HTTPException, UploadFile
from fastapi.responses import HTMLResponse, Response

from omnifil_devstack.world.mail import Enclosure, Post
from omnifil_devstack.world.mail_archive import KeptMail
from omnifil_devstack.world.pages import page


def mailbox_routes(post: Post) -> APIRouter:
    """The routes `/mailbox/…`."""
    router = APIRouter(prefix="/mailbox")

    def mail_of(address: str, mail_id: str) -> KeptMail:
        found = post.archive.find(address, mail_id) if post.residents.at(address) else None
        if found is None:
            raise HTTPException(404, "There is no such mail.")
        return found

    @router.get("")
    async def mailbox() -> HTMLResponse:
        return page("mailbox.html")

    @router.get("/addresses")
    async def addresses() -> list[dict[str, str]]:
        return [{"address": customer.email, "name": customer.name} for customer in post.residents.all()]

    @router.post("/copies", status_code=204)
    async def copies() -> None:
        """Answers when every mail that the mail server has by now is kept in files: it may be ended then."""
        await post.copied()

    @router.get("/{address}/mails")
    async def mails(address: str) -> list[dict[str, Any]]:
        """Newest first."""
        if post.residents.at(address) is None:
            raise HTTPException(404, f"Nobody here has the address {address}.")
        return [_shown(mail) for mail in reversed(post.archive.mails(address))]

    @router.post("/{address}/mails")
    async def write(
        address: str,
        text: Annotated[str, Form()],
        subject: Annotated[str, Form()] = "",
        answered: Annotated[str, Form()] = "",
        forged: Annotated[bool, Form()] = False,
        files: Annotated[list[UploadFile] | None, File()] = None,
    ) -> dict[str, str]:
        """A form: `subject`, `text`, `answered` (a mail's id), `files`, `forged` (unsigned, as anybody could send)."""
        customer = post.residents.at(address)
        if customer is None:
            raise HTTPException(404, f"Nobody here has the address {address}.")
        original = mail_of(address, answered) if answered else None
        if original is not None and not subject:
            told = str(original.parsed().get("Subject", ""))
            subject = told if told.lower().startswith("re:") else f"Re: {told}"
        enclosures = [
            Enclosure(file.filename or "file", file.content_type or "application/octet-stream", await file.read())
            for file in files or ()
            if file.size
        ]
        return {"message_id": await post.write(customer, subject, text, enclosures, original, forged=forged)}

    @router.get("/{address}/mails/{mail_id}/attachments/{number}")
    async def attachment(address: str, mail_id: str, number: int) -> Response:
        enclosed = list(mail_of(address, mail_id).parsed().iter_attachments())
        if not 0 <= number < len(enclosed):
            raise HTTPException(404, "There is no such attachment.")
        part = enclosed[number]
        content = part.get_payload(decode=True)
        media_type = part.get_content_type()
        safe = media_type if media_type.startswith("image/") and "svg" not in media_type else "application/octet-stream"
        return Response(content if isinstance(content, bytes) else b"", media_type=safe)

    return router


def _shown(mail: KeptMail) -> dict[str, Any]:
    parsed = mail.parsed()
    return {
        "id": mail.mail_id,
        "box": mail.box,
        "from": str(parsed.get("From", "")),
        "to": str(parsed.get("To", "")),
        "subject": str(parsed.get("Subject", "")),
        "date": str(parsed.get("Date", "")),
        "message_id": str(parsed.get("Message-ID", "")).strip(),
        "in_reply_to": str(parsed.get("In-Reply-To", "")).strip(),
        "text": _text(parsed),
        "attachments": [
            {"filename": part.get_filename() or "file", "media_type": part.get_content_type()}
            for part in parsed.iter_attachments()
        ],
    }


def _text(parsed: EmailMessage) -> str:
    body: Message | None = parsed.get_body(("plain", "html"))
    content = body.get_content() if isinstance(body, EmailMessage) else ""
    return str(content)
