"""Handles that several persons use: a role's address, a family's phone, a till. They prove nobody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from omnifil_contracts import ids
from omnifil_contracts.identity import SYSTEM, Actor, Because, Evidence, Identity

from customer_profile.domain import handles, names, standing
from customer_profile.domain.identities import (
    AGENT,
    SAME_AT_SOURCE,
    SAME_SENDER,
    SHARED_HANDLE,
    Company,
    KnownIdentity,
    Link,
    link_id,
)

COMPANIES = 8
"""How many names and customers are remembered; who has that many spellings of one name is known well enough."""


@dataclass(frozen=True, slots=True)
class SharingRules:
    """When a handle is taken for shared."""

    names: int = 2
    """So many different persons' names within the window."""
    accounts: int = 3
    """So many customers who came with it within the window, whatever their names."""
    window: timedelta = timedelta(days=180)
    roles: frozenset[str] = frozenset()
    """Further local parts of role addresses."""


def why_shared(state: KnownIdentity, company: Company, rules: SharingRules) -> Because | None:
    """What says that others use the handle as well, now that it comes in this company; None: nothing does.

    `company` is who it is this time. Different persons' names; another customer of another name; many customers.
    """
    recent = [each for each in state.companies if abs(company.at - each.at) <= rules.window]
    strangers = _strangers(company, recent)
    of_another = company.customer_id != state.customer_id
    if len(strangers) + 1 >= rules.names or (strangers and of_another):
        values = {"name": company.name or "", "other": strangers[0], "count": str(len(strangers) + 1)}
        return _because(state.identity, Evidence(code="different-names", values=values))
    # Who bears the name of the others is none of many, but has many accounts.
    nameless = [each for each in (*recent, company) if names.folded(each.name) is None]
    customers = {state.customer_id, *(each.customer_id for each in nameless)}
    limit = rules.accounts
    if handles.is_anonymous(state.identity):
        # Who chatted before signing in was no second person. But two who are signed in at one browser are two, or one
        # with two accounts: either way the browser says nothing any more.
        customers -= {ids.customer_id(state.key)}
        limit = 2
    if of_another and len(customers) >= limit:
        return _because(state.identity, Evidence(code="many-accounts", values={"count": str(len(customers))}))
    return None


def why_role(identity: Identity) -> Because:
    return _because(identity, Evidence(code="role-address", values={"handle": identity.value}))


def shared_evidence(identity: Identity) -> Evidence:
    return Evidence(code="shared-handle", values={"kind": identity.kind, "handle": identity.value})


def was_judged_by_agent(state: KnownIdentity) -> bool:
    """Whether an agent has said that it is shared, or not: then nothing else decides it any more."""
    marks = {link.link_id for link in state.links if link.because.rule == SHARED_HANDLE}
    return any(link.actor.kind == AGENT and (link.link_id in marks or link.undoes in marks) for link in state.links)


def is_of_another_account(state: KnownIdentity, account: str) -> bool:
    """Whether the handle came with another account of the same shop: then it does not say whose this one is."""
    return any(
        each.account is not None and each.account != account and handles.issuer(each.account) == handles.issuer(account)
        for each in state.companies
    )


def is_news(state: KnownIdentity, name: str | None, customer_id: str, account: str | None) -> bool:
    """Whether the handle has not come in this company yet. Asked with every message."""
    for each in state.companies:
        if each.name == name and each.customer_id == customer_id and each.account == account:
            return False
    return not state.shared and len(state.companies) < COMPANIES


def found_shared(state: KnownIdentity, because: Because, company: Company, message_id: str) -> KnownIdentity:
    """The handle as shared. What had been linked for coming along becomes a customer of its own: "the address"."""
    return marked(state, True, because, SYSTEM, company.at, message_id)


def marked(
    state: KnownIdentity, shared: bool, because: Because, actor: Actor, at: datetime, caused_by: str
) -> KnownIdentity:
    """The handle as shared or not from here on. What had been linked only for coming along with others leaves them."""
    return state.linked(
        Link(
            link_id=link_id(state.key, f"shared/{caused_by}"),
            customer_id=customer_of_shared(state) if shared else state.customer_id,
            assurance=state.assurance,
            at=at,
            because=because,
            actor=actor,
            caused_by=caused_by,
            shared=shared,
        )
    )


def customer_of_shared(state: KnownIdentity) -> str:
    """Whose it is when it is shared: "the address" itself, unless an agent or nobody else has a say in it.

    A customer who began with it, but has an account besides, goes on without it.
    """
    top = standing.top(state.links)
    came_along = top.because.rule in (SAME_SENDER, SAME_AT_SOURCE)
    has_account = any(
        each.customer_id == state.customer_id and each.account not in (None, state.key) for each in state.companies
    )
    if came_along or (top is state.links[0] and has_account):
        # By its first link, too: what was erased and has come back is not the former customer's again.
        return ids.customer_id(f"{SHARED_HANDLE}/{state.key}/{state.links[0].link_id}")
    return state.customer_id


def _strangers(company: Company, recent: list[Company]) -> list[str]:
    """Names of others than whom the company names, each person once."""
    found: list[str] = []
    for each in recent:
        if each.name is None or names.may_be_one(each.name, company.name):
            continue
        if not any(names.may_be_one(each.name, other) for other in found):
            found.append(each.name)
    return found


def _because(identity: Identity, evidence: Evidence) -> Because:
    return Because(rule=SHARED_HANDLE, evidence=(shared_evidence(identity), evidence))
