"""What an installation decides about its mail: environment variables `OMNIFIL_*`."""

from pathlib import Path
from typing import Literal, Self

from omnifil_servicekit.settings import ServiceSettings
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from ingest_email.domain.addresses import normalised
from ingest_email.domain.limits import Limits
from ingest_email.domain.mailbox import OurMailbox

Tls = Literal["implicit", "starttls", "none"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ImapServer(_Value):
    """Where mail is read. `none` sends the password in the clear: for a server on the same machine only."""

    host: str
    port: int = Field(ge=1, le=65535)
    tls: Tls = "implicit"
    user: str
    password: SecretStr
    folder: str = "INBOX"
    ca_file: Path | None = None
    """CA certificates (PEM) of a private authority; without it those of the system."""


class SmtpServer(_Value):
    """Where replies are handed in."""

    host: str
    port: int = Field(ge=1, le=65535)
    tls: Tls = "implicit"
    user: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None


class EmailAccount(_Value):
    """One mailbox."""

    account: str = Field(min_length=1, max_length=200)
    addresses: tuple[str, ...] = Field(min_length=1)
    """The first is the one that replies come from."""
    from_name: str | None = Field(None, max_length=100)
    reply_domain: str | None = None
    """Right-hand side of our Message-IDs; without it the domain of the first address."""
    authserv_id: str | None = None
    """Name of our own MX in Authentication-Results, where its verdict is to be taken: it must remove what
    others wrote under its name."""
    plus_addressing: bool = False
    start: Literal["unseen", "all"] = "unseen"
    """What is taken of a folder that is read for the first time."""
    imap: ImapServer
    smtp: SmtpServer

    @model_validator(mode="after")
    def _addresses_are_addresses(self) -> Self:
        for address in self.addresses:
            if normalised(address) is None:
                raise ValueError("one of the addresses is no e-mail address")
        return self

    @property
    def mailbox(self) -> OurMailbox:
        """As the rules see it."""
        addresses = tuple(normalised(each) or each for each in self.addresses)
        return OurMailbox(
            account=self.account,
            addresses=addresses,
            reply_domain=(self.reply_domain or addresses[0].rpartition("@")[2]).lower(),
            from_name=self.from_name,
            authserv_id=self.authserv_id,
            plus_addressing=self.plus_addressing,
        )


_MIB = 1024 * 1024


class Settings(ServiceSettings):
    """Field `email_accounts` is the variable `OMNIFIL_EMAIL_ACCOUNTS`; lists are JSON."""

    email_accounts: tuple[EmailAccount, ...] = Field(
        min_length=1, description="the mailboxes, as a JSON list of accounts"
    )
    email_dns_zone: Path | None = Field(
        None, description="a master file (RFC 1035) with TXT records, used instead of DNS"
    )
    email_dns_timeout_s: float = Field(3, gt=0, description="seconds that one DNS question may take")
    email_dns_attempts: int = Field(3, ge=1, description="how often a DNS question without an answer is asked")
    email_max_mail_bytes: int = Field(40 * _MIB, ge=1024, description="bytes of a mail; a larger one is set aside")
    email_max_attachment_bytes: int = Field(30 * _MIB, ge=1, description="bytes of a file; a larger one is left out")
    email_max_depth: int = Field(20, ge=1, description="how deep parts may lie inside parts")
    email_max_parts: int = Field(500, ge=1, description="parts of a mail")
    email_read_limit_s: float = Field(20, gt=0, description="seconds that parsing one mail may take")
    email_readers: int = Field(2, ge=1, le=32, description="processes that parse mail")
    email_poll_interval_s: float = Field(30, gt=0, description="seconds between looks where the server has no IDLE")
    email_idle_renewal_s: float = Field(24 * 60, gt=0, lt=29 * 60, description="seconds after which IDLE is renewed")
    email_imap_timeout_s: float = Field(30, gt=0, description="seconds without a word from the IMAP server")
    email_batch_mails: int = Field(20, ge=1, le=500, description="mails that are taken at once from one mailbox")
    email_send_limit_s: float = Field(60, gt=0, description="seconds that handing in one reply may take")
    email_send_at_once: int = Field(4, ge=1, description="replies of one account that are sent at once")
    email_give_up_h: float = Field(24, gt=0, description="hours after which a reply that no server takes has failed")

    @model_validator(mode="after")
    def _each_account_once(self) -> Self:
        names = [account.account for account in self.email_accounts]
        if len(set(names)) != len(names):
            raise ValueError("two e-mail accounts have the same name")
        return self

    @property
    def accounts(self) -> dict[str, EmailAccount]:
        return {account.account: account for account in self.email_accounts}

    @property
    def limits(self) -> Limits:
        return Limits(
            mail_bytes=self.email_max_mail_bytes,
            attachment_bytes=self.email_max_attachment_bytes,
            depth=self.email_max_depth,
            parts=self.email_max_parts,
        )
