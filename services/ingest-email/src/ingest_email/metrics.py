"""The figure that this service has alone, on the process's `/metrics`. docs/operating.md says what it means."""

from prometheus_client import Gauge

MAILBOX_OPEN = Gauge("omnifil_mailbox_open", "1 while the mailbox is connected and followed.", ["account"])
