"""How a dossier's memory of what agents parted changes with each link. `parting` says what it is for, and asks it."""

from collections.abc import Collection, Iterable, Mapping

from omnifil_contracts.dossier import ConversationLinked, ConversationUnlinked

Parted = Mapping[str, tuple[str, ...]]
"""Conversation → those from which it was parted, oldest first."""

_OTHERS, _CONVERSATIONS = 200, 300


def after_link(parted: Parted, event: ConversationLinked, held: Collection[str]) -> Parted:
    """What came brings its own memory along. `held`: the conversations that are here already.

    An agent who puts together what was parted takes that back; no rule does.
    """
    linked = event.conversation.conversation_id
    if not parted and not event.parted_from:
        return parted
    changed = {**parted, linked: _newest((*parted.get(linked, ()), *event.parted_from))}
    if event.because.rule == "agent":
        here = {*held, *parted, linked}
        changed[linked] = tuple(each for each in changed[linked] if each not in here)
        changed = {one: tuple(each for each in others if each != linked) for one, others in changed.items()}
    return _bounded(changed)


def after_unlink(parted: Parted, event: ConversationUnlinked) -> Parted:
    """What stays remembers from what it was parted; what went has taken its memory along."""
    gone = event.conversation_id
    if not parted and not event.parted_from:
        return parted
    # Itself among them: its beginning has stayed.
    changed = {one: others for one, others in parted.items() if one != gone or gone in event.parted_from}
    for one in event.parted_from:
        changed[one] = _newest((*changed.get(one, ()), gone))
    return _bounded(changed)


def _newest(others: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(others))[-_OTHERS:]


def _bounded(parted: Parted) -> Parted:
    left = {one: others for one, others in parted.items() if others}
    return left if len(left) <= _CONVERSATIONS else dict(list(left.items())[-_CONVERSATIONS:])
