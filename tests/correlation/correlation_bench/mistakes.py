"""The worst mistakes of a run, so that a person can read what happened."""

from collections import Counter
from collections.abc import Iterator

from correlation_bench.pairs import Item
from correlation_bench.playing import Played
from correlation_bench.scoring import Score


def mistakes(played: Played, score: Score, at_most: int) -> Iterator[str]:
    """The links that cost most pairs, wrong and lost in turns: each message, what it was decided by, and a message that
    it was wrongly put with or kept from."""
    wrong, lost = _costs(score.items)
    for kind, costs in (("WRONG", wrong), ("LOST", lost)):
        for number, other, cost in sorted(costs, key=lambda each: -each[2])[:at_most]:
            yield _told(played, score.items[number], score.items[other], kind, cost)


def intrusions(played: Played, score: Score) -> Iterator[str]:
    """Every message of an impostor or outsider in a dossier with somebody else's, and one of those."""
    for item in (*score.inside("impostor"), *score.inside("outsider")):
        others = [each for each in score.items if each.dossier == item.dossier and each.person != item.person]
        way = score.truths[item.message_id].way
        yield _told(played, item, others[-1], f"INSIDE by {way}", len(others))


def causes(score: Score) -> dict[str, dict[str, int]]:
    """Wrong and lost pairs by the rule that placed the later message, and whether both were said in one thread."""
    found: dict[str, Counter[str]] = {"wrong": Counter(), "lost": Counter()}
    for name, pairs in (("wrong", _each(score.items, "wrong")), ("lost", _each(score.items, "lost"))):
        for later, earlier in pairs:
            same = "same thread" if later.conversation == earlier.conversation else "other thread"
            channels = later.channel if later.channel == earlier.channel else f"{earlier.channel} → {later.channel}"
            found[name][f"{later.rule}, {same}, {channels}"] += 1
    return {name: dict(counted.most_common(12)) for name, counted in found.items()}


def _each(items: list[Item], kind: str) -> Iterator[tuple[Item, Item]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        key = item.dossier if kind == "wrong" else item.matter
        for earlier in groups.get(key, ()):
            if (earlier.matter != item.matter) if kind == "wrong" else (earlier.dossier != item.dossier):
                yield item, earlier
        groups.setdefault(key, []).append(item)


def _costs(items: list[Item]) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """Of each message: its place, that of the last one that it was wrongly put with (kept from), and how many those
    are. Only where it began: what follows in the same thread goes the same way."""
    wrong, lost = [], []
    by_dossier: dict[str, list[int]] = {}
    by_matter: dict[str, list[int]] = {}
    begun: set[tuple[str, str, str]] = set()
    for at, item in enumerate(items):
        strangers = [each for each in by_dossier.get(item.dossier, ()) if items[each].matter != item.matter]
        parted = [each for each in by_matter.get(item.matter, ()) if items[each].dossier != item.dossier]
        first = (item.matter, item.dossier, item.conversation) not in begun
        begun.add((item.matter, item.dossier, item.conversation))
        if strangers and first:
            wrong.append((at, strangers[-1], len(strangers)))
        if parted and first:
            lost.append((at, parted[-1], len(parted)))
        by_dossier.setdefault(item.dossier, []).append(at)
        by_matter.setdefault(item.matter, []).append(at)
    return wrong, lost


def _told(played: Played, item: Item, other: Item, kind: str, cost: int) -> str:
    because = played.engine.places[item.message_id].because
    evidence = "; ".join(f"{each.code} {dict(each.values)}" for each in because.evidence)
    identified = played.engine.identified
    same = identified[item.message_id].customer_id == identified[other.message_id].customer_id
    lines = [
        f"{kind} {cost} by {because.rule} ({evidence}); the customer is {'the same' if same else 'another'}, "
        f"assured: {identified[item.message_id].assured}"
    ]
    for each in (other, item):
        message = played.messages[each.message_id]
        said = f"{message.subject or ''} | {' / '.join(message.text.split(chr(10)))[:150]}"
        lines.append(f"    {message.received_at:%d %b %H:%M} {each.channel:6} {each.matter:22} {said}")
    return "\n".join(lines)
