"""What an installation decides about its chat: environment variables `OMNIFIL_*`."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from omnifil_servicekit.settings import ServiceSettings
from pydantic import Field, SecretStr, model_validator

from ingest_chat.domain.account import ChatAccount, SigningKey

_WIDGET = Path(__file__).parents[2] / "widget" / "dist" / "widget.js"


class Settings(ServiceSettings):
    """Field `chat_accounts` is the variable `OMNIFIL_CHAT_ACCOUNTS`; lists are JSON."""

    chat_accounts: tuple[ChatAccount, ...] = Field(min_length=1, description="the widgets, as a JSON list of accounts")
    chat_session_keys: tuple[SigningKey, ...] = Field(
        min_length=1,
        description="a JSON list of secrets of 32 bytes and more that sessions and links are signed with, newest first",
    )
    chat_session_days: int = Field(400, ge=1, description="days that a browser is known again without coming back")
    chat_signed_session_hours: float = Field(
        12, gt=0, description="hours that a signed-in session lasts before the site must sign again"
    )
    chat_widget_file: Path = Field(_WIDGET, description="the built widget")
    chat_file_link_hours: float = Field(6, gt=0, description="hours that a link to an image is good for")
    chat_connections_per_address: int = Field(40, ge=1, description="open sockets that one network address may have")
    chat_connections_per_visitor: int = Field(8, ge=1, description="open sockets that one visitor may have")
    chat_messages_burst: int = Field(20, ge=1, description="messages that a visitor may send at once")
    chat_messages_per_second: float = Field(1, gt=0, description="messages a second that a visitor may send for long")
    chat_uploads_burst: int = Field(10, ge=1, description="images that a visitor may upload at once")
    chat_sessions_burst: int = Field(60, ge=1, description="sessions that one network address may ask for at once")
    chat_trusted_proxies: int = Field(
        0, ge=0, description="proxies in front that append to X-Forwarded-For (0: the peer's address counts)"
    )

    @model_validator(mode="after")
    def _each_account_once(self) -> Self:
        names = [account.account for account in self.chat_accounts]
        if len(set(names)) != len(names):
            raise ValueError("two chat accounts have the same name")
        return self

    @property
    def accounts(self) -> dict[str, ChatAccount]:
        return {account.account: account for account in self.chat_accounts}

    @property
    def signing_keys(self) -> tuple[SecretStr, ...]:
        return self.chat_session_keys

    @property
    def session_life(self) -> timedelta:
        return timedelta(days=self.chat_session_days)

    @property
    def signed_session_life(self) -> timedelta:
        return timedelta(hours=self.chat_signed_session_hours)
