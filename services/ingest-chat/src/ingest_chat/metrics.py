"""The figures of this service, on the process's `/metrics`."""

from prometheus_client import Counter, Gauge, Histogram

ACCEPT_SECONDS = Histogram(
    "omnifil_chat_accept_seconds",
    "From a visitor's message until Kafka has it and the visitor may be told so, in seconds.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
MESSAGES_REFUSED = Counter("omnifil_chat_messages_refused", "Visitors' messages that were not taken.", ["code"])
REPLIES_DELIVERED = Counter("omnifil_chat_replies_delivered", "Agents' replies written into transcripts.")
DEBTS_SWEPT = Counter("omnifil_chat_conversations_swept", "Conversations whose debts the sweep had to pay.")
SOCKETS_OPEN = Gauge("omnifil_chat_sockets_open", "Visitors' sockets that are open now.")
SOCKETS_ENDED = Counter("omnifil_chat_sockets_ended", "Visitors' sockets that the service has ended.", ["reason"])
