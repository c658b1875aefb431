"""Settings of the gateway; all of them environment variables `OMNIFIL_*`."""

from pathlib import Path

from omnifil_contracts.profile import Slug
from omnifil_servicekit.settings import ServiceSettings
from pydantic import BaseModel, Field, SecretStr


class Integration(BaseModel):
    """A shop, till or CRM that pushes facts about customers over HTTP, in its own name only."""

    source: Slug = Field(description="the `source` that it may speak as")
    token: SecretStr = Field(min_length=32, description="its bearer token")


class GatewaySettings(ServiceSettings):
    """`OMNIFIL_GATEWAY_*` beside what every service needs."""

    http_port: int = Field(7116, ge=0, le=65535, description="the TCP port to listen on (0: a free one)")
    gateway_case_service_url: str = Field("http://127.0.0.1:7115", description="the base URL of case-service's api")
    gateway_customer_profile_url: str = Field(
        "http://127.0.0.1:7114", description="the base URL of customer-profile's api"
    )
    gateway_issuer: str = Field(description="the issuer of the agents' tokens, as in their `iss`")
    gateway_audience: str = Field("omnifil", description="the `aud` that the agents' tokens must name")
    gateway_jwks_url: str = Field(description="where the issuer publishes its keys")
    gateway_authorize_url: str = Field(description="where the desktop sends agents to sign in")
    gateway_token_url: str = Field(description="where the desktop exchanges the code for a token")
    gateway_client_id: str = Field("omnifil-desktop", description="the desktop's client id at the issuer")
    gateway_role: str = Field("agent", description="the entry of the `roles` claim that lets somebody in")
    gateway_integrations: tuple[Integration, ...] = Field(
        (), description="who may push facts about customers, as a JSON list of {source, token}"
    )
    gateway_integration_updates_per_s: float = Field(
        50, gt=0, description="how many profile updates an integration may push a second, in each process"
    )
    gateway_privacy_role: str = Field(
        "privacy", description="the entry of the `roles` claim that lets an agent export and erase persons"
    )
    gateway_desktop_dir: Path | None = Field(None, description="the folder of the built desktop (none: not served)")
    gateway_held_events: int = Field(50_000, gt=0, description="how many dossier events are kept in memory")
    gateway_preload_events: int = Field(5_000, ge=0, description="how many of the newest events are read at start")
    gateway_upload_limit_bytes: int = Field(25_000_000, gt=0, description="the size limit of an attachment, in bytes")
    gateway_ping_interval_s: float = Field(20, gt=0, description="seconds between pings on a quiet stream")
    gateway_send_timeout_s: float = Field(30, gt=0, description="seconds that a client may take to read a message")
    gateway_timeout_s: float = Field(15, gt=0, description="seconds that an internal service may take to answer")
