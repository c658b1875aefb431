"""What an agent may do to identities: confirm whose a handle is, and take that back."""

from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts import ids
from omnifil_contracts.identity import Actor, Assurance, Because, Evidence

from customer_profile.domain import handles
from customer_profile.domain.evidence import each_once
from customer_profile.domain.identities import AGENT, KnownIdentity, Link, link_id


class CustomerNotFound(Exception):
    """Nobody has or had an identity of this customer."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(f"There is no customer {customer_id}.")


class IdentityNotFound(Exception):
    """This handle has never written to us."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"No message has come from this handle ({kind}), so there is nothing to link.")


class IdentityNotLinkable(Exception):
    """An unproven handle can be anybody's at any time."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"A handle of kind {kind} proves nothing: whoever types it would enter the customer's dossiers."
        )


class NothingToUndo(Exception):
    """The link does not hold (any more)."""


class MovedMeanwhile(Exception):
    """Somebody else has moved the handle while this command was under way."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(
            f"Another agent has just linked this handle to customer {customer_id}: look again, then decide."
        )
        self.customer_id = customer_id


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """Who asked, when, and under which id: the same id again takes effect once."""

    command_id: str
    agent: Actor
    at: datetime


def link(state: KnownIdentity, customer_id: str, relied_on: Because | None, command: AgentCommand) -> KnownIdentity:
    """The handle is this customer's, the agent says. The state itself when that is so already."""
    if handles.is_unproven(state.identity.kind):
        raise IdentityNotLinkable(state.identity.kind)
    if state.made_by(command.command_id) is not None:
        return state
    if state.customer_id == customer_id and state.assurance is Assurance.VERIFIED:
        return state
    evidence = (
        Evidence(code="agent-confirmed", values={"agent": command.agent.name or command.agent.id}),
        *(relied_on.evidence if relied_on else ()),
    )
    return state.linked(
        Link(
            link_id=link_id(state.key, command.command_id),
            customer_id=customer_id,
            assurance=Assurance.VERIFIED,
            at=command.at,
            because=Because(rule=AGENT, evidence=each_once(evidence)),
            actor=command.agent,
            caused_by=command.command_id,
        )
    )


def undo(state: KnownIdentity, undone: str, command: AgentCommand) -> KnownIdentity:
    """The handle returns to whose it was before this link, as sure as it was then.

    What was linked by itself when it first came gets a customer of its own. Raises `NothingToUndo`.
    """
    if state.made_by(command.command_id) is not None:
        return state
    if state.link.link_id != undone:
        raise NothingToUndo("This link does not hold any more: the handle has been linked anew since.")
    customer_id, assurance = _before(state)
    if (customer_id, assurance) == (state.customer_id, state.assurance):
        raise NothingToUndo("The customer began with this handle: there is nobody to return it to.")
    return state.linked(
        Link(
            link_id=link_id(state.key, command.command_id),
            customer_id=customer_id,
            assurance=assurance,
            at=command.at,
            because=Because(rule=AGENT, evidence=(Evidence(code="link-undone"),), link_id=undone),
            actor=command.agent,
            caused_by=command.command_id,
            undoes=undone,
        )
    )


def _before(state: KnownIdentity) -> tuple[str, Assurance]:
    if len(state.links) > 1:
        before = state.links[-2]
        return before.customer_id, before.assurance
    return ids.customer_id(state.key), state.assurance
