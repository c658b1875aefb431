"""What the world needs to know; `OMNIFIL_WORLD_*`, given by the supervisor."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorldSettings(BaseSettings):
    """Addresses of the suite's edges, and the secrets that the world shares with them."""

    model_config = SettingsConfigDict(env_prefix="OMNIFIL_WORLD_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    folder: Path = Field(description="What the world remembers, over restarts.")
    smtp_port: int
    imap_port: int
    mail_api_port: int
    mailbox_password: SecretStr
    desktop_url: str = Field(description="Shown on the start page.")
    chat_url: str = Field(description="Base address of ingest-chat; the shop loads its widget from there.")
    widget_key: SecretStr = Field(description="The shop signs its customers' identity with it.")
    webhook_url: str = Field(description="Where the network tells the app of messages.")
    messenger_app_secret: SecretStr
    messenger_verify_token: SecretStr
    messenger_page_token: SecretStr

    @property
    def url(self) -> str:
        """Where the world is."""
        return f"http://{self.host}:{self.port}"
