"""From raw mail to records."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from omnifil_contracts.delivery import DeliveryReported
from omnifil_contracts.dossier import DeliveryState
from omnifil_contracts.message import Attachment, InboundMessage
from omnifil_servicekit import metrics

from ingest_email.domain.authenticity import Answers
from ingest_email.domain.automatic import Bounce
from ingest_email.domain.limits import BrokenMail
from ingest_email.domain.mailbox import OurMailbox
from ingest_email.domain.normalise import CHANNEL, Draft
from ingest_email.ports import Blobs, Clock, Dns, DnsUnavailable, Ledger, Reader, Records, SetAside, Stored

log = structlog.get_logger(__name__)

_ACCEPT_SECONDS = metrics.ACCEPT_SECONDS.labels(CHANNEL)
_ACCEPTED = metrics.messages(CHANNEL, metrics.Stage.ACCEPTED)
RAW_MEDIA_TYPE = "message/rfc822"
RAW_IN_KAFKA_BYTES = 900_000
"""A larger raw mail goes to the blob store, and its dead letter says where."""


@dataclass(frozen=True)
class Normalised:
    """A mail as a record, and what else it told."""

    message: InboundMessage
    own_outbound_id: str | None
    bounce: Bounce | None


class Normaliser:
    """From bytes to a record; the service and the command `normalise` both run this."""

    def __init__(self, reader: Reader, dns: Dns, blobs: Blobs, clock: Clock) -> None:
        self._reader = reader
        self._dns = dns
        self._blobs = blobs
        self._clock = clock

    async def normalise(self, raw: bytes, us: OurMailbox) -> Normalised:
        """Attachments and the original are stored when this returns. Raises `BrokenMail`, `Transient`."""
        draft = await self._reader.draft(raw, us)
        author = draft.author or await self._reader.prove(raw, us, await self._answers(draft.questions))
        await self._store(draft)
        stored = await self._blobs.put(raw, RAW_MEDIA_TYPE)
        original = Attachment(
            sha256=stored.sha256, filename="original.eml", media_type=RAW_MEDIA_TYPE, size_bytes=stored.size_bytes
        )
        message = draft.message(author, self._clock(), original)
        return Normalised(message, draft.own_outbound_id, draft.bounce)

    async def _answers(self, names: Sequence[str]) -> Answers:
        async def ask(name: str) -> tuple[str, ...] | None:
            try:
                return await self._dns.txt(name)
            except DnsUnavailable:
                return None

        return dict(zip(names, await asyncio.gather(*map(ask, names)), strict=True))

    async def _store(self, draft: Draft) -> None:
        types = {each.sha256: each.media_type for each in draft.attachments}
        for sha256, content in draft.contents.items():
            await self._blobs.put(content, types[sha256])


class ReceiveMail:
    """Raw mails in; messages, dead letters and delivery reports out. Returns when Kafka has acknowledged all of it."""

    def __init__(
        self,
        accounts: Mapping[str, OurMailbox],
        normaliser: Normaliser,
        blobs: Blobs,
        records: Records,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._normaliser = normaliser
        self._blobs = blobs
        self._records = records
        self._ledger = ledger
        self._clock = clock

    async def take(self, account: str, mails: Sequence[bytes]) -> None:
        """Mails of one mailbox, in order. Raises `Transient`: then nothing of them may be marked seen."""
        with _ACCEPT_SECONDS.time():
            await self._take(account, mails)

    async def _take(self, account: str, mails: Sequence[bytes]) -> None:
        us = self._accounts[account]
        results = await asyncio.gather(*(self._read(raw, us) for raw in mails))
        await self._publish([each for each in results if isinstance(each, Normalised)])
        broken = [(raw, each) for raw, each in zip(mails, results, strict=True) if isinstance(each, BrokenMail)]
        if broken:
            await self._put_aside([await self._set_aside(account, raw, error) for raw, error in broken])

    async def take_giant(self, account: str, stored: Stored, limit_bytes: int) -> None:
        """A mail beyond the limit, already in the blob store."""
        detail = f"The mail has {stored.size_bytes} bytes, more than the {limit_bytes} that are taken."
        await self._put_aside([SetAside(account, "too-large", detail, stored)])

    async def take_unfetchable(self, account: str, uid: int, attempts: int) -> None:
        """A mail that the server does not give us. It stays unseen in the mailbox, where a person can read it."""
        detail = (
            f"The IMAP server did not give the mail with UID {uid} in {attempts} attempts; it is left unseen there."
        )
        await self._put_aside([SetAside(account, "unfetchable", detail, b"")])

    async def replayed(self, account: str, content: bytes | Stored) -> None:
        """A dead letter of before. What is still broken is set aside again. Raises `ContentMissing`, `Transient`."""
        await self.take(account, [await self._blobs.get(content.sha256) if isinstance(content, Stored) else content])

    def knows(self, account: str) -> bool:
        """Whether the account is configured here."""
        return account in self._accounts

    async def _read(self, raw: bytes, us: OurMailbox) -> Normalised | BrokenMail:
        try:
            return await self._normaliser.normalise(raw, us)
        except BrokenMail as error:
            return error

    async def _publish(self, read: Sequence[Normalised]) -> None:
        asked = [each.own_outbound_id for each in read if each.own_outbound_id]
        asked += [each.bounce.outbound_id for each in read if each.bounce]
        known = await self._ledger.find(asked) if asked else {}
        messages: list[InboundMessage] = []
        reports: list[DeliveryReported] = []
        for each in read:
            if each.own_outbound_id in known:
                log.info("own_reply_came_back", outbound=each.own_outbound_id)
                continue
            messages.append(each.message)
            if each.bounce and each.bounce.outbound_id in known:
                command = known[each.bounce.outbound_id].command
                reports.append(
                    DeliveryReported(
                        outbound_id=command.outbound_id,
                        dossier_id=command.dossier_id,
                        conversation_id=command.target.conversation.conversation_id,
                        state=DeliveryState.FAILED,
                        reason=each.bounce.sentence(),
                        provider_message_id=known[each.bounce.outbound_id].provider_message_id,
                        at=self._clock(),
                    )
                )
        if messages:
            await self._records.received(messages)
            _ACCEPTED.inc(len(messages))
            log.info("mails_received", count=len(messages), account=messages[0].account)
        if reports:
            await self._records.reported(reports)

    async def _put_aside(self, mails: Sequence[SetAside]) -> None:
        await self._records.set_aside(mails)
        for mail in mails:
            log.warning("mail_set_aside", account=mail.account, cause=mail.cause)

    async def _set_aside(self, account: str, raw: bytes, error: BrokenMail) -> SetAside:
        large = len(raw) > RAW_IN_KAFKA_BYTES
        content = await self._blobs.put(raw, RAW_MEDIA_TYPE) if large else raw
        return SetAside(account, error.cause, error.detail, content)


def described(error: BrokenMail, file: str) -> str:
    """A broken mail as one line of JSON."""
    return json.dumps({"file": file, "error": {"cause": error.cause, "detail": error.detail}}, ensure_ascii=False)
