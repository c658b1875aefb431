"""Records on Kafka: batch consumers that lose nothing, the idempotent producer, tails, dead letters."""

from omnifil_messaging.backoff import Backoff
from omnifil_messaging.channels import ChannelConsumers, known_channels
from omnifil_messaging.consumer import BatchConsumer
from omnifil_messaging.dead_letter import DeadLetter
from omnifil_messaging.failures import OffsetsGone, PoisonRecords, RecordTooLarge
from omnifil_messaging.outgoing import Encoded, Outgoing, Position
from omnifil_messaging.patience import Patience
from omnifil_messaging.producer import Producer
from omnifil_messaging.received import Received
from omnifil_messaging.settings import KafkaEnvironment, KafkaSettings
from omnifil_messaging.tail import TopicTail
from omnifil_messaging.topics import Drift, TopicsReport, ensure_topics
from omnifil_messaging.turns import Turns

__all__ = [
    "Backoff",
    "BatchConsumer",
    "ChannelConsumers",
    "DeadLetter",
    "Drift",
    "Encoded",
    "KafkaEnvironment",
    "KafkaSettings",
    "OffsetsGone",
    "Outgoing",
    "Patience",
    "PoisonRecords",
    "Position",
    "Producer",
    "Received",
    "RecordTooLarge",
    "TopicTail",
    "TopicsReport",
    "Turns",
    "ensure_topics",
    "known_channels",
]
