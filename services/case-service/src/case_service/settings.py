"""What case-service is told by its environment (`OMNIFIL_*`)."""

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from omnifil_servicekit.settings import ServiceSettings
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from case_service.domain.policy import Policy, Window
from case_service.domain.references import DEFAULT_PATTERNS, ReferencePattern

_PLACE = re.compile(r"[a-z][a-z0-9-]{0,40}(?:/.{1,200})?")
_PATTERN_CHARS = 500

RuleName = Literal["token", "thread", "customer"]


class WindowSettings(BaseModel):
    """How a channel or an account is correlated. What is left out is as the wider setting has it."""

    model_config = ConfigDict(extra="forbid")

    joins_days: float = Field(
        14, ge=0, le=3650, description="days without activity up to which a live dossier is joined"
    )
    reopens_days: float = Field(14, ge=0, le=3650, description="days after closing up to which a dossier is reopened")
    names_days: float = Field(
        60, ge=0, le=3650, description="days up to which a dossier is found by an order number or the like"
    )
    pause_hours: float | None = Field(
        2, ge=0, le=8760, description="silence in a conversation without end (DM, SMS) after which it is scored anew"
    )
    threshold: int = Field(60, ge=1, le=100, description="percent of certainty from which the rule `customer` joins")
    suggests: int = Field(25, ge=0, le=100, description="percent of certainty from which an agent is asked")
    unproven_goes_on: bool = Field(
        True, description="whether a sender who proves nothing goes on in a thread begun under the very handle"
    )
    rules: tuple[RuleName, ...] = Field(
        ("token", "thread", "customer"), description="the rules that are on: `token`, `thread`, `customer`"
    )

    @model_validator(mode="after")
    def _asks_before_it_joins(self) -> Self:
        if {"threshold", "suggests"} <= self.model_fields_set and self.suggests > self.threshold:
            raise ValueError("suggests is above threshold: an agent would be asked only about what is joined anyway")
        return self

    def over(self, wider: "WindowSettings") -> "WindowSettings":
        """What is set here, and for the rest what is set in the wider one."""
        return wider.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})

    def window(self) -> Window:
        return Window(
            joins=timedelta(days=self.joins_days),
            reopens=timedelta(days=self.reopens_days),
            names=timedelta(days=self.names_days),
            pause=timedelta(hours=self.pause_hours) if self.pause_hours is not None else None,
            threshold=self.threshold,
            suggests=self.suggests,
            unproven_goes_on=self.unproven_goes_on,
            rules=frozenset(self.rules),
        )


class PatternSettings(BaseModel):
    """A kind of reference that customers name."""

    kind: str = Field(pattern="^[a-z][a-z0-9-]{1,30}$", description="what it is, as in the evidence same-reference")
    pattern: str = Field(max_length=_PATTERN_CHARS, description="a regular expression whose first group is the number")

    @field_validator("pattern")
    @classmethod
    def _has_the_number(cls, pattern: str) -> str:
        try:
            compiled = re.compile(pattern, re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"this is no regular expression: {error}") from error
        if compiled.groups < 1:
            raise ValueError("the number has to stand in a group: put parentheses around it")
        if compiled.match(""):
            raise ValueError("this matches where nothing is written")
        return pattern


class Settings(ServiceSettings):
    """`OMNIFIL_CASE_REFERENCE_KEYS` is the only one without a default beyond those of every service."""

    case_reference_keys: Annotated[
        tuple[SecretStr, ...],
        Field(min_length=1, description="JSON list of keys for references in replies: the first mints, all are known"),
    ]
    case_window: WindowSettings = Field(
        WindowSettings(), description="how channels are correlated that have no setting of their own"
    )
    case_windows: dict[str, WindowSettings] = Field(
        {}, description="JSON: the same by channel (`chat`) or account (`chat/shop`); what is left out is as above"
    )
    case_references: tuple[PatternSettings, ...] = Field(
        tuple(PatternSettings(kind=each.kind, pattern=each.pattern) for each in DEFAULT_PATTERNS),
        description="JSON list of {kind, pattern}: order numbers and the like",
    )
    channels: tuple[str, ...] = Field(
        (), description="the channels to consume, as a JSON list; empty: every channel that has a topic"
    )
    case_batch_records: int = Field(500, ge=1, le=5000, description="how many records are decided at a time")
    case_discovery_interval_s: float = Field(2.0, gt=0, description="seconds between looks for new channels")
    case_lease_s: float = Field(10.0, gt=0, description="seconds after which another relay takes over from a dead one")

    @field_validator("case_windows")
    @classmethod
    def _names_places(cls, windows: dict[str, WindowSettings]) -> dict[str, WindowSettings]:
        wrong = [place for place in windows if not _PLACE.fullmatch(place)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} names neither a channel (`chat`) nor an account (`chat/shop`)")
        return windows

    def policy(self) -> Policy:
        windows = self.case_windows
        by_channel = {place: each.over(self.case_window) for place, each in windows.items() if "/" not in place}
        by_account = {
            place: each.over(by_channel.get(place.partition("/")[0], self.case_window))
            for place, each in windows.items()
            if "/" in place
        }
        return Policy(
            default=self.case_window.window(),
            channels={place: each.window() for place, each in (by_channel | by_account).items()},
            patterns=tuple(ReferencePattern(each.kind, each.pattern) for each in self.case_references),
        )
