"""Settings of customer-profile, beyond those of every service: `OMNIFIL_*`."""

from omnifil_servicekit.settings import ServiceSettings
from pydantic import Field, SecretStr


class Settings(ServiceSettings):
    """What an installation decides about this service."""

    http_port: int = Field(7114, ge=0, le=65535, description="the TCP port to listen on (0: a free one)")
    channels: tuple[str, ...] = Field(
        (), description="the channels to consume, as a JSON list; empty: every channel that has a topic"
    )
    batch_records: int = Field(500, ge=1, le=5000, description="how many records are decided at once")
    discovery_interval_s: float = Field(2.0, gt=0, description="seconds between two looks for new channels")
    namesake_window_days: float = Field(
        90, ge=0, description="days after their last message for which somebody is suggested for their name"
    )
    sighting_interval_s: float = Field(60, ge=0, description="how exactly, in seconds, it is kept when somebody wrote")
    trusted_sources: tuple[str, ...] = Field(
        (), description="the sources of profile updates that vouch for the handles that they name, as a JSON list"
    )
    phone_region: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="where phone numbers without + are dialled (ISO 3166, such as FR)"
    )
    shared_names: int = Field(2, ge=2, description="from so many persons' names on, a handle is taken for shared")
    shared_accounts: int = Field(3, ge=2, description="from so many customers with a handle on, it is taken for shared")
    shared_window_days: float = Field(180, gt=0, description="days within which those names and customers count")
    shared_addresses: tuple[str, ...] = Field(
        (), description="further local parts of addresses that several persons read, as a JSON list"
    )
    lease_s: float = Field(10, ge=1, description="seconds after which another relay takes over from one that died")
    erasure_key: SecretStr | None = Field(
        None, description="the key of the hashes that are left of erased handles; without it one is made and kept"
    )
    erasure_patience_h: float = Field(
        24, ge=0, description="hours for which an erasure waits for other people's consumer groups to read on"
    )
