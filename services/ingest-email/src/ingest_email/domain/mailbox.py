"""Our end: the mailbox as the rules of the domain see it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OurMailbox:
    """One configured account. Addresses and domains are lower-case."""

    account: str
    addresses: tuple[str, ...]
    reply_domain: str
    """Right-hand side of the Message-IDs that we make."""
    from_name: str | None = None
    authserv_id: str | None = None
    """Name of our own MX in Authentication-Results; None: its word is not used, DKIM is verified here."""
    plus_addressing: bool = False
    """Whether replies carry `Reply-To: support+{reference}@…`, for a server that delivers such addresses."""

    @property
    def address(self) -> str:
        """The address that replies come from."""
        return self.addresses[0]
