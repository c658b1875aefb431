"""The figures of this service, on the process's `/metrics`."""

from prometheus_client import Counter, Gauge, Histogram

MAILS_RECEIVED = Counter("omnifil_email_mails_received", "Mails published as messages.", ["account", "assurance"])
MAILS_SET_ASIDE = Counter("omnifil_email_mails_set_aside", "Mails that went to the dead letter.", ["account", "cause"])
MAILBOX_OPEN = Gauge("omnifil_email_mailbox_open", "1 while the mailbox is connected and followed.", ["account"])
REPLIES_DECIDED = Counter("omnifil_email_replies_decided", "Replies sent or failed for good.", ["account", "state"])
NORMALISE_SECONDS = Histogram(
    "omnifil_email_normalise_seconds",
    "Reading, proving and storing one mail, in seconds.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40),
)
