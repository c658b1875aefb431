"""Settings of ingest-social; all of them environment variables `OMNIFIL_*`."""

from typing import Self

from omnifil_servicekit.settings import ServiceSettings
from pydantic import Field, model_validator

from ingest_social.domain.page import Page


class SocialSettings(ServiceSettings):
    """`OMNIFIL_SOCIAL_*` beside what every service needs."""

    http_port: int = Field(7113, ge=0, le=65535, description="the TCP port to listen on (0: a free one)")
    social_pages: tuple[Page, ...] = Field(min_length=1, description="the pages, as a JSON list")
    social_file_limit_bytes: int = Field(25_000_000, gt=0, description="the size limit of an attachment, in bytes")
    social_webhook_limit_bytes: int = Field(1_000_000, gt=0, description="the size limit of a webhook, in bytes")
    social_timeout_s: float = Field(15, gt=0, description="seconds that the network may take to answer")
    social_echo_patience_s: float = Field(
        20,  # after we were away, a network takes its time until its next try: longer than the pauses between tries
        ge=0,
        description="seconds to wait for the echo of a reply whose sending was cut short, before sending again",
    )

    @model_validator(mode="after")
    def _each_page_once(self) -> Self:
        for field in ("account", "page_id"):
            names = [getattr(page, field) for page in self.social_pages]
            if len(set(names)) != len(names):
                raise ValueError(f"two pages have the same {field}")
        return self
