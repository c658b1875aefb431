"""The figures that this service has alone, on the process's `/metrics`. docs/operating.md says what each means."""

from prometheus_client import Counter

MESSAGES_REFUSED = Counter(
    "omnifil_messages_refused", "Messages that were not taken, and the writer was told so.", ["channel", "reason"]
)
DEBTS_SWEPT = Counter("omnifil_chat_conversations_swept", "Conversations whose debts the sweep had to pay.")
