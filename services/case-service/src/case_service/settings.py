"""What case-service is told by its environment (`OMNIFIL_*`)."""

from datetime import timedelta
from typing import Annotated

from omnifil_servicekit.settings import ServiceSettings
from pydantic import BaseModel, Field, SecretStr

from case_service.domain.policy import Policy, Window
from case_service.domain.references import DEFAULT_PATTERNS, ReferencePattern


class WindowSettings(BaseModel):
    """Days of one channel."""

    joins_days: float = Field(14, ge=0, description="days without activity up to which a live dossier is joined")
    reopens_days: float = Field(14, ge=0, description="days after closing up to which a dossier is reopened")

    def window(self) -> Window:
        return Window(timedelta(days=self.joins_days), timedelta(days=self.reopens_days))


class PatternSettings(BaseModel):
    """A kind of reference that customers name."""

    kind: str = Field(pattern="^[a-z][a-z0-9-]{1,30}$", description="what it is, as in the evidence same-<kind>-number")
    pattern: str = Field(description="a regular expression whose first group is the number")


class Settings(ServiceSettings):
    """`OMNIFIL_CASE_REFERENCE_KEYS` is the only one without a default beyond those of every service."""

    case_reference_keys: Annotated[
        tuple[SecretStr, ...],
        Field(min_length=1, description="JSON list of keys for references in replies: the first mints, all are known"),
    ]
    case_window: WindowSettings = Field(
        WindowSettings(), description="the windows of channels that have none of their own"
    )
    case_windows: dict[str, WindowSettings] = Field({}, description="JSON: windows by channel")
    case_references: tuple[PatternSettings, ...] = Field(
        tuple(PatternSettings(kind=each.kind, pattern=each.pattern) for each in DEFAULT_PATTERNS),
        description="JSON list of {kind, pattern}: order numbers and the like",
    )
    case_batch_records: int = Field(500, ge=1, le=5000, description="how many records are decided at a time")
    case_discovery_interval_s: float = Field(2.0, gt=0, description="seconds between looks for new channels")
    case_lease_s: float = Field(10.0, gt=0, description="seconds after which another relay takes over from a dead one")

    def policy(self) -> Policy:
        return Policy(
            default=self.case_window.window(),
            channels={channel: window.window() for channel, window in self.case_windows.items()},
            patterns=tuple(ReferencePattern(each.kind, each.pattern) for each in self.case_references),
        )
