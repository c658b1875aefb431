"""Who is on the played network, and the secrets that it shares with the app behind its page."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Person:
    """Somebody with an account; `psid` is the page-scoped id under which the page knows them."""

    psid: str
    first_name: str
    last_name: str
    picture: str = ""
    """Address of the profile picture; empty: the player draws one with the initials."""


PAGE_ID = "100200300400500"
SAMPLE_PEOPLE = (
    Person("6100000000000101", "Claire", "Martin"),
    Person("6100000000000102", "Jonas", "Weber"),
    Person("6100000000000103", "Aïcha", "Benali"),
)


@dataclass(frozen=True)
class NetworkSettings:
    """One page, one app, and where the app takes its webhooks."""

    webhook_url: str
    """The app's callback; empty: nobody has subscribed, events wait."""
    public_url: str
    """Where the player itself is reached, without a slash at the end; pictures are served from there."""
    database: Path
    """SQLite file; what the network remembers survives a restart."""
    app_secret: str
    verify_token: str
    page_token: str
    page_id: str = PAGE_ID
    page_name: str = "Maison Fil"
    app_id: str = "770088009900110"
    people: tuple[Person, ...] = SAMPLE_PEOPLE
    retry_pauses_s: tuple[float, ...] = field(default=(0.5, 1, 2, 5, 10))
    """Between tries of one webhook; the last one repeats until the app answers 200."""
    delivery_delay_s: float = 0.3
    """How long a reply takes to reach a person's phone."""
