"""How long a consumer waits for what."""

from dataclasses import dataclass, field

from omnifil_messaging.backoff import Backoff


@dataclass(frozen=True)
class Patience:
    """The times of a consumer, in seconds."""

    commit_interval_s: float = 0.25
    max_poll_interval_s: float = 300.0
    """One attempt of the handler that takes longer loses its partitions (it hangs). Pauses do not count."""
    session_timeout_s: float = 10.0
    """A consumer that died is replaced after so long."""
    handover_s: float = 12.0
    """At a revocation or a stop, how long the attempt that is under way may take to finish; less than the grace that
    the process has."""
    backoff: Backoff = field(default_factory=Backoff)
