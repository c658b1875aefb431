"""The topics of the suite, for taking a person out of them."""

import json
from collections.abc import Collection, Sequence

from aiokafka import ConsumerRecord, TopicPartition
from omnifil_contracts.topics import DEAD_LETTER_SUFFIX
from omnifil_messaging import KafkaSettings, Producer
from omnifil_messaging.dead_letter.sorting_out import sort_out
from omnifil_messaging.trimming import behind, ends_of, our_topics, trim
from omnifil_mongostore import BlobMissing, BlobStore

from customer_profile.erasing import Ends

_BLOB = "application/vnd.omnifil.blob+json"


class KafkaTopics:
    """Implements `erasing.Topics`."""

    def __init__(self, settings: KafkaSettings, producer: Producer, blobs: BlobStore) -> None:
        self._settings = settings
        self._producer = producer
        self._blobs = blobs

    async def ends(self, families: Collection[str] | None = None) -> Ends:
        topics = await our_topics(self._settings)
        if families is not None:
            topics = [each for each in topics if each.partition(".")[0] in families and not _is_dead(each)]
        return [(each.topic, each.partition, end) for each, end in (await ends_of(self._settings, topics)).items()]

    async def behind(self, ends: Ends) -> list[str]:
        return await behind(self._settings, _places(ends))

    async def sort_out_dead_letters(self, ends: Ends, needles: Collection[bytes]) -> tuple[int, list[str]]:
        by_source: dict[str, dict[int, int]] = {}
        for topic, partition, end in ends:
            if _is_dead(topic) and end:
                by_source.setdefault(topic.removesuffix(DEAD_LETTER_SUFFIX), {})[partition] = end
        gone, blobs = 0, list[str]()

        async def is_theirs(record: ConsumerRecord) -> bool:
            content = [record.key or b"", record.value or b"", *(value or b"" for _, value in record.headers)]
            blob = _blob_of(record)
            if blob is not None:
                content.append(await self._content(blob))
            theirs = any(needle in part.lower() for part in content for needle in needles)
            if theirs and blob is not None:
                blobs.append(blob)
            return theirs

        for source, partitions in by_source.items():
            gone += await sort_out(self._settings, self._producer, source, partitions, is_theirs)
        return gone, blobs

    async def trim(self, ends: Ends) -> int:
        return await trim(self._settings, _places([each for each in ends if not _is_dead(each[0])]))

    async def _content(self, sha256: str) -> bytes:
        try:
            return await self._blobs.get(sha256)
        except BlobMissing:
            return b""


def _is_dead(topic: str) -> bool:
    return topic.endswith(DEAD_LETTER_SUFFIX)


def _places(ends: Sequence[tuple[str, int, int]]) -> dict[TopicPartition, int]:
    return {TopicPartition(topic, partition): end for topic, partition, end in ends}


def _blob_of(record: ConsumerRecord) -> str | None:
    """The hash of what was too large for a record, if this stands for such a thing."""
    kinds = [value for name, value in record.headers if name == "content-type"]
    if not kinds or kinds[0] != _BLOB.encode():
        return None
    try:
        return str(json.loads(record.value or b"")["sha256"])
    except (ValueError, KeyError, TypeError):
        return None
