"""Which links of an identity stand: links are only ever added, and some of them take others back.

What an undo leaves is what there was before the link that it undoes, so that the links that stand are a pile: the one
on top says whose the identity is.
"""

from collections.abc import Sequence

from customer_profile.domain.identities import SHARED_HANDLE, Link

Pile = tuple[int, ...]
"""Places of links, the lowest first."""


def standing(links: Sequence[Link]) -> list[Link]:
    """The links that stand, the oldest first. Never empty."""
    return [links[place] for place in _piles(links)[-1]]


def top(links: Sequence[Link]) -> Link:
    """The link that says whose it is."""
    return links[_piles(links)[-1][-1]]


def below(links: Sequence[Link], link_id: str) -> Link | None:
    """The link that stood when this one was made; None: it was the first, or what was there has no link."""
    place = place_of(links, link_id)
    pile = _piles(links)[place]
    return links[pile[-1]] if pile else None


def place_of(links: Sequence[Link], link_id: str) -> int:
    return next(place for place, link in enumerate(links) if link.link_id == link_id)


def is_mark(links: Sequence[Link], place: int) -> bool:
    """Whether a link only says that the handle is shared, or not: whose it is rests on what there was before."""
    link = links[place]
    return link.because.rule == SHARED_HANDLE and place > 0 and link.customer_id == links[place - 1].customer_id


def _piles(links: Sequence[Link]) -> list[Pile]:
    """The pile before each link, and at last the one that stands now."""
    piles: list[Pile] = [()]
    for place, link in enumerate(links):
        pile = piles[-1]
        if link.undoes is not None:
            before = piles[place_of(links, link.undoes)]
            # What was linked by itself when it came had nobody before: the undo is all there is.
            pile = before or (place,)
        elif not is_mark(links, place):
            pile = (*pile, place)
        piles.append(pile)
    return piles
