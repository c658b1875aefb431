"""What a played simulation is worth."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from statistics import fmean
from typing import Any

from omnifil_contracts.dossier import Status, StatusChanged
from omnifil_testkit.simulator import Said, Truth

from correlation_bench.pairs import Item, Pairs, by_channels, by_person, by_rule, pairs_of
from correlation_bench.playing import Played

Figures = dict[str, Any]

_PEOPLE = frozenset({"customer", "copied", "impostor", "outsider"})


class Score:
    """Everything that is told of a run. What machines sent is part of no pair."""

    def __init__(self, played: Played) -> None:
        self._played, self._engine = played, played.engine
        self.truths: Mapping[str, Truth] = {each.message.message_id: each.truth for each in played.simulation.said}
        self.items = [self._item(said) for said in played.simulation.said if said.truth.role in _PEOPLE]

    def figures(self) -> Figures:
        whole, across = self.pairs, self.across
        return {
            "messages": self._engine.messages,
            **_told(whole),
            "across_conversations": _told(across),
            "within_conversations": _told(whole - across),
            "per_person": self._macro(),
            "recall_where_known": round(pairs_of(self.items, self._customer).recall, 4),
            "recall_with_follow_ups": round(pairs_of(self._followed()).recall, 4),
            "by_rule": {rule: _told(pairs) for rule, pairs in sorted(by_rule(self.items).items())},
            "by_channels": {"+".join(names): _told(pairs) for names, pairs in by_channels(self.items).items()},
            "baselines": {name: _told(pairs) for name, pairs in self.baselines().items()},
            "impostors_inside": len(self.inside("impostor")),
            "impostors": len({each.truth.person for each in self._of("impostor")}),
            "inside_unprovable": self._unprovable(),
            "ways_in": dict(Counter(self.truths[each.message_id].way for each in self.inside("impostor"))),
            "outsiders": len({each.truth.person for each in self._of("outsider")}),
            "outsiders_inside": len(self.inside("outsider")),
            "wrong_customer_links": len(self.wrong_links()),
            "suggestions": self._suggestions(),
            "machines": self._machines(),
            "ms_per_message": round(sum(self._engine.cpu_s.values()) / max(self._engine.messages, 1) * 1000, 3),
            "ms": {stage: round(s / self._engine.messages * 1000, 3) for stage, s in self._engine.cpu_s.items()},
            "refused_commands": dict(Counter(self._engine.refused)),
        }

    @cached_property
    def pairs(self) -> Pairs:
        return pairs_of(self.items)

    @cached_property
    def across(self) -> Pairs:
        """Pairs of messages in two different threads of the channels."""
        return self.pairs - pairs_of(self.items, lambda item: item.conversation)

    def baselines(self) -> dict[str, Pairs]:
        """`thread`: one dossier per thread of a channel. `customer`: one per customer, as customer-profile knows them.
        `ceiling`: what no rule could exceed that knows customers as customer-profile does, and never errs."""
        identified = self._engine.identified

        def put(dossier: Callable[[Item], str]) -> Pairs:
            return pairs_of([replace(item, dossier=dossier(item)) for item in self.items])

        return {
            "thread": put(lambda item: item.conversation),
            "customer": put(lambda item: identified[item.message_id].customer_id),
            "ceiling": put(lambda item: f"{self._customer(item)}/{item.matter}"),
        }

    def _customer(self, item: Item) -> str:
        """Whose it is, as customer-profile knows by itself. Who was copied in may write in what is the customer's."""
        if self.truths[item.message_id].role == "copied":
            return self._begun_by[item.matter]
        return self._engine.identified[item.message_id].customer_id

    @cached_property
    def _begun_by(self) -> dict[str, str]:
        begun: dict[str, str] = {}
        for item in self.items:
            begun.setdefault(item.matter, self._engine.identified[item.message_id].customer_id)
        return begun

    def inside(self, role: str) -> list[Item]:
        """Messages of impostors (outsiders) in a dossier with anybody else's, or of another's customer."""
        theirs = {each.message.message_id: each.truth for each in self._of(role)}
        persons: dict[str, set[str]] = {}
        for item in self.items:
            persons.setdefault(item.dossier, set()).add(item.person)
        return [item for item in self.items if item.message_id in theirs and len(persons[item.dossier]) > 1]

    @cached_property
    def _owners(self) -> dict[str, set[str]]:
        return self._played.simulation.owners()

    def _unprovable(self) -> int:
        """Of the impostors' messages inside, those in the name of an address that never proves anything: nothing in
        such a mail tells it from the true one."""
        forged = [self._played.messages[item.message_id].sender.primary.identity for item in self.inside("impostor")]
        true = {
            said.message.sender.primary.identity.key
            for said in self._played.simulation.said
            if said.truth.role == "customer"
        }
        return sum(each.key in true for each in forged)

    def owners(self) -> dict[str, set[str]]:
        """By handle: everybody whose it is."""
        return self._owners

    def customers(self) -> dict[str, Counter[str]]:
        """By customer: whose handles they have, of handles that are one person's alone."""
        found: dict[str, Counter[str]] = {}
        owners = self.owners()
        for state in self._engine.identities.states:
            if len(owner := owners.get(state.key, set())) == 1:
                found.setdefault(state.customer_id, Counter())[next(iter(owner))] += 1
        return found

    def wrong_links(self) -> list[str]:
        """Handles that were linked by themselves to a customer who is mostly somebody else."""
        owners, customers = self.owners(), self.customers()
        wrong = []
        for state in self._engine.identities.states:
            owner = owners.get(state.key, set())
            if len(owner) == 1 and state.link.actor.kind == "system":
                person = customers[state.customer_id].most_common(1)[0][0]
                if owner != {person}:
                    wrong.append(state.key)
        return wrong

    def _suggestions(self) -> Figures:
        """`same-customer` is right when the handle is that customer's, `same-matter` when the dossier is about it."""
        owners, customers = self.owners(), self.customers()
        in_dossier: dict[str, set[str]] = {}
        about: dict[str, set[str]] = {}
        writers: dict[str, set[str]] = {}
        for item in self.items:
            conversation = self._engine.places[item.message_id].conversation_id
            in_dossier.setdefault(item.dossier, set()).add(item.matter)
            about.setdefault(conversation, set()).add(item.matter)
            writers.setdefault(conversation, set()).add(item.person)
        offered: Counter[str] = Counter()
        right: Counter[str] = Counter()
        for _, each in self._engine.suggestions:
            offered[each.kind] += 1
            whose = customers.get(each.customer_id or "", Counter()).keys()
            if each.kind == "same-customer":
                right[each.kind] += bool(each.identity and owners.get(each.identity.key, set()) & whose)
            else:
                here, there = about.get(each.conversation_id, set()), in_dossier.get(each.dossier_id or "", set())
                right[each.kind] += bool(here & there)
        return {kind: {"offered": offered[kind], "right": right[kind]} for kind in sorted(offered)}

    def _machines(self) -> Figures:
        """What auto-replies, bounces and lists have set off: nothing may be opened or reopened."""
        machines = {each.message.message_id for each in self._of("machine")}
        reopened = opened = 0
        for append in self._engine.timeline.appended:
            for entry in append.entries:
                event = entry.event
                by = entry.effect_id.split(":")[1] if entry.effect_id.startswith("msg:") else ""
                if isinstance(event, StatusChanged) and by in machines and event.status is Status.REOPENED:
                    reopened += 1
        for message_id in machines:
            place = self._engine.places[message_id]
            dossier = self._engine.timeline.dossiers[place.dossier_id]
            opened += place.because.rule == "new" and dossier.view.messages == 1 and dossier.is_live
        return {"messages": len(machines), "reopened": reopened, "live_dossiers": opened}

    def _macro(self) -> Figures:
        each = [pairs for pairs in by_person(self.items).values() if pairs.right + pairs.lost + pairs.wrong]
        precision, recall = fmean(pairs.precision for pairs in each), fmean(pairs.recall for pairs in each)
        return {"precision": round(precision, 4), "recall": round(recall, 4), "persons": len(each)}

    def _followed(self) -> list[Item]:
        """The items, with dossiers that follow one another taken as one."""
        follows = {each.id: each.view.follows for each in self._engine.timeline.dossiers.values()}

        def first(dossier: str) -> str:
            while (before := follows.get(dossier)) is not None:
                dossier = before
            return dossier

        return [replace(item, dossier=first(item.dossier)) for item in self.items]

    def _item(self, said: Said) -> Item:
        message_id, truth = said.message.message_id, said.truth
        place = self._engine.places[message_id]
        return Item(
            message_id=message_id,
            matter=truth.matter,
            dossier=place.dossier_id,
            person=truth.person,
            channel=said.message.channel,
            conversation=said.message.conversation.conversation_id,
            rule=place.because.rule,
        )

    def _of(self, role: str) -> Sequence[Said]:
        return [each for each in self._played.simulation.said if each.truth.role == role]


def _told(pairs: Pairs) -> Figures:
    return {
        "precision": round(pairs.precision, 4),
        "recall": round(pairs.recall, 4),
        "f1": round(pairs.f1, 4),
        "right": round(pairs.right),
        "wrong": round(pairs.wrong),
        "lost": round(pairs.lost),
    }
