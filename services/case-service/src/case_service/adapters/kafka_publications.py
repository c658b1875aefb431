"""Appends as records: every entry on `dossier.events.v1`, every target of a reply on `outbound.<channel>.v1`."""

from collections.abc import Iterator, Mapping, Sequence

import structlog
from omnifil_contracts import ids
from omnifil_contracts.delivery import SendMessage
from omnifil_contracts.dossier import DossierEvent, MessageLinked, ReplyRequested, TimelineEntry
from omnifil_contracts.topics import DOSSIER_EVENTS, OUTBOUND
from omnifil_messaging import Encoded, KafkaSettings, Outgoing, Producer, RecordTooLarge, TopicTail, ensure_topics
from omnifil_messaging.context import carried

from case_service.domain.decisions import Append

log = structlog.get_logger(__name__)

SOURCE = "/omnifil/case-service"


class KafkaPublications:
    """Implements `Publications`."""

    def __init__(self, settings: KafkaSettings, producer: Producer) -> None:
        self._settings = settings
        self._producer = producer
        self._channels: set[str] = set()

    async def publish(self, appends: Sequence[Append]) -> Mapping[int, int]:
        outgoing = [each for append in appends for each in records_of(append)]
        await self._see_to_topics(outgoing)
        while True:
            try:
                positions = await self._producer.publish_all(outgoing)
                break
            except RecordTooLarge as error:
                outgoing[error.index] = _smaller(outgoing[error.index], error)
        ends: dict[int, int] = {}
        for position in positions:
            if position.topic == DOSSIER_EVENTS.name:
                ends[position.partition] = max(ends.get(position.partition, 0), position.offset + 1)
        return ends

    async def ends(self) -> Mapping[int, int]:
        return await TopicTail(self._settings, DOSSIER_EVENTS.name).end_offsets()

    async def _see_to_topics(self, outgoing: Sequence[Outgoing]) -> None:
        """An integrator's channel may get its first reply before anybody made its outbound topic."""
        channels = {
            each.record.target.conversation.channel for each in outgoing if isinstance(each.record, SendMessage)
        }
        if new := channels - self._channels:
            await ensure_topics(self._settings, [OUTBOUND], channels=sorted(new))
            self._channels |= new


def records_of(append: Append) -> Iterator[Outgoing]:
    """What is published of an append. Ids are of the thing, so that a repetition is the same event."""
    written = append.written or (None,) * len(append.entries)
    for entry, text in zip(append.entries, written, strict=True):
        yield Outgoing(
            topic=DOSSIER_EVENTS.name,
            key=append.dossier_id,
            record=_event(append.dossier_id, entry, text),
            event_id=ids.event_id("entry", append.dossier_id, str(entry.seq)),
            source=SOURCE,
            subject=append.dossier_id,
            time=entry.at,
            context=carried((append.dossier_id, entry.seq)),
        )
        yield from _sendings(append, entry)


def _event(dossier_id: str, entry: TimelineEntry, text: str | None) -> DossierEvent | Encoded:
    """The entry is published as it is stored; only the frame is put around it."""
    if text is None:
        return DossierEvent(dossier_id=dossier_id, entry=entry)
    return Encoded(DossierEvent, f'{{"dossier_id":"{dossier_id}","entry":{text}}}'.encode())


def _sendings(append: Append, entry: TimelineEntry) -> Iterator[Outgoing]:
    if isinstance(entry.event, ReplyRequested):
        for target in entry.event.targets:
            yield Outgoing(
                topic=OUTBOUND.of(target.conversation.channel),
                key=target.conversation.conversation_id,
                record=SendMessage(
                    outbound_id=target.outbound_id,
                    reply_id=entry.event.reply_id,
                    dossier_id=append.dossier_id,
                    target=target,
                    text=entry.event.text,
                    attachments=entry.event.attachments,
                    agent=entry.actor,
                    requested_at=entry.at,
                ),
                event_id=ids.event_id("send", target.outbound_id),
                source=SOURCE,
                subject=target.outbound_id,
                time=entry.at,
                context=carried((append.dossier_id, entry.seq)),
            )


def _smaller(outgoing: Outgoing, error: RecordTooLarge) -> Outgoing:
    """A message fitted its inbound topic, but not with what was decided about it. Its HTML stays in the timeline and
    its original in the blob store; a hole in the stream would be worse than a plain text."""
    record = outgoing.record
    if isinstance(record, Encoded):
        record = DossierEvent.model_validate_json(record.value)
    event = record.entry.event if isinstance(record, DossierEvent) else None
    if not isinstance(event, MessageLinked) or not isinstance(record, DossierEvent):
        raise error
    message = event.message
    if message.html is not None:
        message = message.model_copy(update={"html": None})
    elif len(message.text) > 1000:
        message = message.model_copy(update={"text": message.text[: len(message.text) // 2]})
    else:
        raise error
    log.warning("entry_published_without_html", dossier=outgoing.key, size_bytes=error.size_bytes)
    smaller = event.model_copy(update={"message": message})
    entry = record.entry.model_copy(update={"event": smaller})
    return Outgoing(
        outgoing.topic,
        outgoing.key,
        DossierEvent(dossier_id=record.dossier_id, entry=entry),
        outgoing.event_id,
        outgoing.source,
        outgoing.subject,
        outgoing.time,
        outgoing.context,
    )
