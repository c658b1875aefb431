"""The figure that this service has alone, on the process's `/metrics`. docs/operating.md says what it means."""

from prometheus_client import Gauge

STREAM_BEHIND_RECORDS = Gauge(
    "omnifil_stream_behind_records", "How far the agent's connection that is furthest behind is behind."
)
