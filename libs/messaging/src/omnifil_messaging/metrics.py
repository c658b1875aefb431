"""The figures of this library, on the process's `/metrics`. The lag itself Kafka knows best (and KEDA asks it)."""

from prometheus_client import Counter, Histogram

RECORDS_HANDLED = Counter("omnifil_records_handled", "Records that a handler has durably written.", ["group"])
RECORDS_SET_ASIDE = Counter("omnifil_records_set_aside", "Records that went to a dead letter.", ["group", "cause"])
BATCH_SECONDS = Histogram(
    "omnifil_batch_seconds",
    "From the arrival of a batch until all of it is done, pauses included.",
    ["group"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
BATCH_WAITS = Counter("omnifil_batch_waits", "Pauses because something was away.", ["group", "cause"])
RECORDS_PUBLISHED = Counter("omnifil_records_published", "Records that Kafka has acknowledged.", ["topic"])
