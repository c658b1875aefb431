"""The figures of this library, on the process's `/metrics`. docs/operating.md says what each means."""

from prometheus_client import Counter, Gauge, Histogram

BATCH_RECORDS = Histogram(
    "omnifil_batch_records",
    "Records in a batch that a handler has durably written.",
    ["group"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000),
)
BATCH_SECONDS = Histogram(
    "omnifil_batch_seconds",
    "From the arrival of a batch until all of it is done, pauses included, in seconds.",
    ["group"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
RETRIES = Counter("omnifil_retries", "Pauses before trying again, because something was away.", ["group", "cause"])
DEAD_LETTERS = Counter("omnifil_dead_letters", "Records set aside, by the topic they came from.", ["topic", "cause"])
RECORDS_PUBLISHED = Counter("omnifil_records_published", "Records that Kafka has acknowledged.", ["topic"])
LAG_RECORDS = Gauge("omnifil_lag_records", "Records that are not done yet.", ["group", "topic"])
LAG_SECONDS = Gauge("omnifil_lag_seconds", "Age of the oldest record in hand; 0 when drained.", ["group", "topic"])
