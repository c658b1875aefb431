"""The figures of this service, on the process's `/metrics`."""

from prometheus_client import Counter, Histogram

MESSAGES_LINKED = Counter("omnifil_case_messages_linked", "Messages linked to a dossier.", ["channel", "rule"])
DECISIONS_REDONE = Counter("omnifil_case_decisions_redone", "Decisions made again, because somebody else was faster.")
COMMANDS = Counter("omnifil_case_commands", "Agents' commands.", ["type", "outcome"])
ENTRIES_CARRIED = Counter("omnifil_case_entries_carried", "Timeline entries published and projected.")
RELAY_SECONDS = Histogram(
    "omnifil_case_relay_seconds",
    "From the append of an entry until it is published and projected, in seconds.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
