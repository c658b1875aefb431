"""Whose message is it? The handles that are proven decide; one that is only claimed decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omnifil_contracts.identity import SYSTEM, AssuredIdentity, Because, Evidence

from customer_profile.domain import handles, sharing
from customer_profile.domain.evidence import each_once, evidence_of
from customer_profile.domain.identities import (
    NEW_CUSTOMER,
    NO_ANCHORS,
    SAME_SENDER,
    Anchors,
    Assured,
    Company,
    KnownIdentity,
    Link,
    first_customer,
    link_id,
)
from customer_profile.domain.presented import Presented
from customer_profile.domain.roles import is_role_address
from customer_profile.domain.sharing import SharingRules

Known = Mapping[str, KnownIdentity]
"""Identities by key."""

_RULES = SharingRules()


@dataclass(frozen=True, slots=True)
class Recognition:
    """Whose message it is and why, and what becomes known by it.

    `via` is the handle that decided, `present` every handle of the sender that we keep, as they are known afterwards.
    """

    customer_id: str
    assured: bool
    because: Because
    via: KnownIdentity
    present: tuple[KnownIdentity, ...]
    added: tuple[KnownIdentity, ...] = ()
    changed: tuple[KnownIdentity, ...] = ()

    def of_the_channel(self, presented: Presented) -> KnownIdentity:
        """The handle that the channel works with, unless it is somebody else's; then the one that decided."""
        for state in self.present:
            if state.identity == presented.primary and state.customer_id == self.customer_id:
                return state
        return self.via


def recognise(
    presented: Presented, known: Known, rules: SharingRules = _RULES, anchors: Anchors = NO_ANCHORS
) -> Recognition:
    """Decide. `known` holds what is known of the keys that are presented, `anchors` what begins with them anew."""
    return _Recognising(presented, known, rules, anchors).decided()


class _Recognising:
    """One message."""

    def __init__(self, presented: Presented, known: Known, rules: SharingRules, anchors: Anchors) -> None:
        self._anchors = anchors
        self._presented = presented
        self._message = presented.message
        self._known = known
        self._rules = rules
        self._present = presented.kept
        self._name = self._message.sender.display_name
        self._tells = not presented.is_echo and self._message.automatic is None and bool(presented.proven)
        self._judged: dict[str, KnownIdentity] = {}
        """Handles that this message shows to be shared."""
        accounts = [each.identity.key for each in self._present if each.identity.kind in handles.ONE_EACH]
        self._account = min(accounts) if accounts and presented.proven else None

    def decided(self) -> Recognition:
        self._judge_by_role_and_name()
        deciding = self._deciding()
        # What this message itself made known does not count: so a redelivery decides as the first delivery did.
        settled = [each for each in deciding if self._was_known_before(self._now(each.identity.key))]
        via = self._strongest(self._of_who_has_written(settled) or settled or deciding, primary_first=bool(settled))
        via_key = via.identity.key
        held = self._now(via_key)
        customer_id = held.customer_id if held is not None else first_customer(via_key, self._anchors)
        self._judge_by_account(customer_id, via)

        states: dict[str, KnownIdentity] = {}
        added: list[KnownIdentity] = []
        for handle in self._present:
            key = handle.identity.key
            before = self._now(key)
            if before is not None:
                states[key] = self._learned(before, handle, customer_id)
            elif handle is via or not self._is_role(handle):
                because = self._why_linked(handle, via, is_new=not settled)
                states[key] = self._first_seen(handle, because, customer_id, via_key if handle is not via else None)
                added.append(states[key])
        if added and held is not None and states[via_key] is self._known.get(via_key):
            states[via_key] = states[via_key].relied_on()
        changed = [state for key, state in states.items() if key in self._known and state is not self._known[key]]
        return Recognition(
            customer_id=customer_id,
            assured=bool(self._presented.proven) and not states[via_key].shared,
            because=self._because(via, states[via_key]),
            via=states[via_key],
            present=tuple(states.values()),
            added=tuple(added),
            changed=tuple(changed),
        )

    def _of_who_has_written(self, settled: Sequence[AssuredIdentity]) -> Sequence[AssuredIdentity]:
        """What only a source has told of has no dossier: it does not draw away whoever has."""
        if len(settled) < 2:
            return settled
        return [each for each in settled if (state := self._now(each.identity.key)) is None or state.has_written]

    def _strongest(self, several: Sequence[AssuredIdentity], *, primary_first: bool) -> AssuredIdentity:
        if len(several) == 1:
            return several[0]
        primary = self._presented.primary if primary_first else None
        return min(several, key=lambda each: (each.identity != primary, handles.strength(each.identity)))

    def _now(self, key: str) -> KnownIdentity | None:
        """What is known of the handle, with what this message has shown already."""
        return self._judged.get(key) or self._known.get(key)

    def _judge_by_role_and_name(self) -> None:
        """Whom the channel shows is whoever uses all of these handles."""
        for handle in self._present:
            state = self._known.get(handle.identity.key)
            if state is None or state.shared or not self._tells:
                continue
            if self._is_role(handle):
                self._judge(state, sharing.why_role(state.identity), self._company(state.customer_id))
            elif self._is_news(state, state.customer_id):
                company = self._company(state.customer_id)
                self._judge(state, sharing.why_shared(state, company, self._rules), company)

    def _judge_by_account(self, customer_id: str, via: AssuredIdentity) -> None:
        """A handle that somebody else has, proven to be this sender's as well."""
        for handle in self._present:
            state = self._now(handle.identity.key)
            if handle is via or state is None or state.customer_id == customer_id or not self._tells:
                continue
            if self._is_news(state, customer_id):
                company = self._company(customer_id)
                self._judge(state, sharing.why_shared(state, company, self._rules), company)

    def _judge(self, state: KnownIdentity, because: Because | None, company: Company) -> None:
        if because is not None and not sharing.was_judged_by_agent(state):
            self._judged[state.key] = sharing.found_shared(state, because, company, self._message.message_id)

    def _company(self, customer_id: str) -> Company:
        return Company(self._name, customer_id, self._message.received_at, self._account)

    def _is_news(self, state: KnownIdentity, customer_id: str) -> bool:
        return sharing.is_news(state, self._name, customer_id, self._account)

    def _is_role(self, handle: AssuredIdentity) -> bool:
        return is_role_address(handle.identity, self._rules.roles)

    def _deciding(self) -> Sequence[AssuredIdentity]:
        """The handles that say who it is. What several persons share (a mailbox, a phone; a visitor's cookie names a
        browser) decides only when nothing better does."""
        if len(self._present) == 1:
            return self._present
        own = [handle for handle in self._present if not self._is_shared(handle)]
        if self._account is not None and len(own) > 1:
            own = [handle for handle in own if not self._is_of_another_account(handle)]
        named = [handle for handle in own if not handles.is_anonymous(handle.identity)]
        return named or own or self._present

    def _is_of_another_account(self, handle: AssuredIdentity) -> bool:
        """Two who sign in, each with an account of their own, may well have one phone."""
        state = self._now(handle.identity.key)
        if state is None or self._account is None or handle.identity.kind in handles.ONE_EACH:
            return False
        return sharing.is_of_another_account(state, self._account)

    def _is_shared(self, handle: AssuredIdentity) -> bool:
        state = self._now(handle.identity.key)
        return state.shared if state is not None else self._is_role(handle)

    def _was_known_before(self, state: KnownIdentity | None) -> bool:
        return state is not None and not state.is_first_seen_in(self._message.message_id)

    def _why_linked(self, handle: AssuredIdentity, via: AssuredIdentity, *, is_new: bool) -> Because:
        """Why a handle that nobody had is now this customer's."""
        own = evidence_of(handle, self._message)
        if is_new and handle is via:
            shared = sharing.why_role(handle.identity).evidence if self._is_role(handle) else ()
            return Because(rule=NEW_CUSTOMER, evidence=(*shared, *own))
        return Because(rule=SAME_SENDER, evidence=each_once((*evidence_of(via, self._message), *own)))

    def _first_seen(
        self, handle: AssuredIdentity, because: Because, customer_id: str, rests_on: str | None
    ) -> KnownIdentity:
        """The identity with its first link."""
        message, key = self._message, handle.identity.key
        link = Link(
            link_id=link_id(key, message.message_id),
            customer_id=customer_id,
            assurance=handle.assurance,
            at=message.received_at,
            because=because,
            actor=SYSTEM,
            caused_by=message.message_id,
            rests_on=rests_on,
            shared=self._is_role(handle),
        )
        told = not self._presented.is_echo
        name, language = (message.sender.display_name, message.language) if told else (None, None)
        spelling = self._presented.spellings.get(key)
        return KnownIdentity(
            identity=handle.identity,
            version=1,
            assurance=handle.assurance,
            links=(link,),
            channel=message.channel,
            seen_at=message.received_at,
            display_name=name,
            named_at=message.received_at if name else None,
            languages=(language,) if language else (),
            spellings=(spelling,) if spelling else (),
            assurances=(Assured(handle.assurance, message.received_at, evidence_of(handle, message)),),
            companies=(self._company(customer_id),) if self._tells else (),
        )

    def _learned(self, before: KnownIdentity, handle: AssuredIdentity, customer_id: str) -> KnownIdentity:
        """What the message tells of a handle that we know."""
        if self._presented.is_echo:
            return before
        message, after = self._message, before
        if self._tells and self._is_news(before, customer_id):
            after = after.came_with(self._company(customer_id))
        if before.customer_id != customer_id:
            return after  # somebody else's: nothing of this sender is theirs
        after = after.assured(handle.assurance, message.received_at, evidence_of(handle, message))
        after = after.speaking(message.language)
        if (spelling := self._presented.spellings.get(before.key)) is not None:
            after = after.written(spelling)
        if before.display_name is None or handle.identity == self._presented.primary:
            after = after.named(message.sender.display_name, message.received_at)
        return after

    def _because(self, via: AssuredIdentity, state: KnownIdentity) -> Because:
        """Why the message is the customer's. The link that this message made itself says so."""
        if state.is_first_seen_in(self._message.message_id):
            first = state.links[0]
            told = first.because.evidence
            if state.shared:  # if only since then: it is not assured, and says why
                told = each_once((sharing.shared_evidence(state.identity), *told))
            return first.because.model_copy(update={"link_id": first.link_id, "evidence": told})
        evidence: tuple[Evidence, ...] = (
            Evidence(code="known-handle", values={"kind": state.identity.kind}),
            *evidence_of(via, self._message),
        )
        if state.link.actor.kind == "agent":
            evidence = (Evidence(code="agent-confirmed", values={"agent": state.link.actor.name or ""}), *evidence)
        if state.shared:
            evidence = (sharing.shared_evidence(state.identity), *evidence)
        return Because(rule="identity", evidence=evidence, link_id=state.link.link_id)
