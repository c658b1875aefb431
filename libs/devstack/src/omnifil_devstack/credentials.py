"""The demo's secrets: made at the first start, kept with its data. They open nothing but this one stack."""

import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


def _made() -> str:
    return secrets.token_urlsafe(24)


class Credentials(BaseModel):
    """One value for each pair of parts that must trust each other."""

    model_config = ConfigDict(frozen=True)

    internal_token: str = Field(default_factory=_made, description="Between the services.")
    reference_key: str = Field(default_factory=_made, description="case-service signs its references with it.")
    visitor_key: str = Field(default_factory=_made, description="ingest-chat signs its visitors' sessions with it.")
    widget_key: str = Field(default_factory=_made, description="The shop signs its customers' identity with it.")
    messenger_app_secret: str = Field(default_factory=_made, description="The network signs its webhooks with it.")
    messenger_verify_token: str = Field(default_factory=_made, description="Of the webhook handshake.")
    messenger_page_token: str = Field(default_factory=_made, description="ingest-social calls the Graph API with it.")
    shop_token: str = Field(default_factory=_made, description="The shop pushes facts about customers with it.")
    till_token: str = Field(default_factory=_made, description="The till of a store does.")
    mailbox_password: str = Field(default_factory=_made, description="Of every mailbox of the demo.")

    @property
    def integrations(self) -> dict[str, str]:
        """By source of profile updates, its token."""
        return {"shop": self.shop_token, "till": self.till_token}

    @classmethod
    def of(cls, folder: Path) -> "Credentials":
        """Those of this folder, made when there are none yet; fields of a newer version are added."""
        file = folder / "credentials.json"
        known = cls.model_validate_json(file.read_text()) if file.exists() else cls()
        if not file.exists() or file.read_text() != known.model_dump_json(indent=2):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(known.model_dump_json(indent=2))
        return known
