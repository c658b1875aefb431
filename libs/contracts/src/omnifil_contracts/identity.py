"""Who somebody is on a channel, and how sure that is."""

from enum import StrEnum

from pydantic import Field

from omnifil_contracts.record import Value, personal


class Assurance(StrEnum):
    """How sure an identity is. `claimed`: typed, or a From header without proof. `channel`: the platform vouches
    for the account. `verified`: DMARC-aligned mail, an identity signed by the host site, an agent's confirmation."""

    CLAIMED = "claimed"
    CHANNEL = "channel"
    VERIFIED = "verified"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    def at_least(self, other: "Assurance") -> bool:
        return self.rank >= other.rank


_RANKS = {assurance: rank for rank, assurance in enumerate(Assurance)}


class Evidence(Value):
    """One fact that a decision rests on. Readers translate `code`; `values` are its blanks."""

    code: str = Field(description="Stable slug of the fact, such as `dmarc-pass` or `same-conversation`.")
    values: dict[str, str] = personal(default_factory=dict, description="What fills the fact's sentence, by name.")


class Because(Value):
    """Why a link was made: the rule that fired and what it rests on."""

    rule: str = Field(description="`token`, `thread`, `customer`, `new`, `follow-up`, `identity`, `agent`, …")
    evidence: tuple[Evidence, ...] = Field((), description="The facts, most telling first.")
    link_id: str | None = Field(None, description="The identity link that caused this, where one did.")


class Identity(Value):
    """A handle on a channel. `kind` is open: `email`, `email-unproven`, `phone`, `visitor`, `shop-account`,
    `messenger`, …; `value` is normalised so that equal handles are equal strings."""

    kind: str = Field(pattern=r"^[a-z][a-z0-9-]{1,40}$", description="What kind of handle.")
    value: str = personal(description="The handle, normalised.", min_length=1, max_length=512)

    @property
    def key(self) -> str:
        """The identity as one string, for keys and ids."""
        return f"{self.kind}:{self.value}"


class AssuredIdentity(Value):
    """A handle with what is known of its truth, as the channel saw it with this message."""

    identity: Identity
    assurance: Assurance
    evidence: tuple[Evidence, ...] = Field((), description="What the assurance rests on, e.g. `dmarc-pass`.")


class Actor(Value):
    """Who did something."""

    kind: str = Field(pattern="^(customer|agent|system|integration)$", description="What kind of actor.")
    id: str = Field(description="Customer id, agent id (`sub` of the token), or the name of the service.")
    name: str | None = personal(None, description="What people call the actor.", max_length=200)


SYSTEM = Actor(kind="system", id="omnifil")
