"""What an agent may do to identities: confirm whose a handle is, and take that back."""

from dataclasses import dataclass
from datetime import datetime

from omnifil_contracts.identity import Actor, Assurance, Because, Evidence

from customer_profile.domain import handles, standing
from customer_profile.domain.evidence import each_once
from customer_profile.domain.identities import (
    AGENT,
    NO_ANCHORS,
    SHARED_HANDLE,
    Anchors,
    KnownIdentity,
    Link,
    first_customer,
    link_id,
)
from customer_profile.domain.sharing import marked


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


class CustomerConflict(Exception):
    """The customers are not (any more) what the agent decided about."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(
            f"Somebody else has merged or parted these customers; what you mean is with customer {customer_id} now: "
            "look again, then decide."
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
        confirmed(command),
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
            shared=state.shared,
        )
    )


def undo(state: KnownIdentity, undone: str, command: AgentCommand, anchors: Anchors = NO_ANCHORS) -> KnownIdentity:
    """The handle returns to whose it was before this link, as sure as it was then.

    What was linked by itself when it first came gets a customer of its own, whom `anchors` may name. Raises
    `NothingToUndo`.
    """
    if state.made_by(command.command_id) is not None:
        return state
    if state.link.link_id != undone:
        raise NothingToUndo("This link does not hold any more: the handle has been linked anew since.")
    place = len(state.links) - 1
    before = state.links[place - 1] if place else None
    shared = before.shared if before is not None else state.shared
    below = standing.below(state.links, undone)
    customer_id = below.customer_id if below is not None else first_customer(state.key, anchors)
    # A merge, a split and a mark leave it as sure as they find it; what was proven since stays proven.
    sure = before is None or before.assurance is state.link.assurance
    assurance = state.assurance if sure or before is None else before.assurance
    if (customer_id, assurance, shared) == (state.customer_id, state.assurance, state.shared):
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
            shared=shared,
        )
    )


def mark_shared(state: KnownIdentity, shared: bool, command: AgentCommand) -> KnownIdentity:
    """Several persons use the handle, the agent says, or only one does. The state itself when that is so already.

    That one does takes back what finding it shared has done: it returns to whose it was.
    """
    if state.made_by(command.command_id) is not None or state.shared is shared:
        return state
    if not shared and state.link.because.rule == SHARED_HANDLE and len(state.links) > 1:
        return undo(state, state.link.link_id, command)
    because = Because(
        rule=SHARED_HANDLE,
        evidence=(
            confirmed(command),
            Evidence(
                code="shared-handle" if shared else "own-handle",
                values={"kind": state.identity.kind, "handle": state.identity.value},
            ),
        ),
    )
    return marked(state, shared, because, command.agent, command.at, command.command_id)


def confirmed(command: AgentCommand) -> Evidence:
    return Evidence(code="agent-confirmed", values={"agent": command.agent.name or command.agent.id})
