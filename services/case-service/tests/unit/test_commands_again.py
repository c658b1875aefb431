"""A command that changed nothing leaves nothing behind: what it says when it comes again."""

import pytest
from case_scenes.shop import AMELIE, STRANGER, TOM, Shop
from case_service.domain.dossier import Dossier
from case_service.domain.errors import DossierChanged


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def related(shop: Shop, dossier: Dossier) -> set[str]:
    return {each.dossier_id for each in (await shop.view(dossier.id)).related}


@pytest.mark.parametrize("already", [True, False], ids=["relate", "unrelate"])
async def test_a_relation_that_was_so_already_is_not_made_again_against_who_has_changed_it_since(
    shop: Shop, already: bool
) -> None:
    hers, his = await shop.writes(), await shop.writes(STRANGER)
    relate, unrelate = ({"type": kind, "dossier_id": his.id} for kind in ("relate_dossier", "unrelate_dossier"))
    if already:
        await shop.command(hers, relate, agent=TOM)
    command, opposite = (relate, unrelate) if already else (unrelate, relate)
    seen = (await shop.dossier(hers.id)).seq
    first = await shop.command(hers, command, command_id="sent-again", agent=AMELIE, seen_seq=seen)
    assert first.seq == seen, "nothing was to do"
    assert await shop.command(hers, command, command_id="sent-again", agent=AMELIE, seen_seq=seen) == first
    await shop.command(hers, opposite, agent=TOM)
    with pytest.raises(DossierChanged):
        await shop.command(hers, command, command_id="sent-again", agent=AMELIE, seen_seq=seen)
    assert (his.id in await related(shop, hers)) is not already, "as Tom left it"


async def test_a_relation_that_was_made_is_not_made_again_by_its_own_command(shop: Shop) -> None:
    hers, his = await shop.writes(), await shop.writes(STRANGER)
    relate = {"type": "relate_dossier", "dossier_id": his.id}
    first = await shop.command(hers, relate, command_id="sent-again")
    await shop.command(hers, {"type": "unrelate_dossier", "dossier_id": his.id}, agent=TOM)
    assert await shop.command(hers, relate, command_id="sent-again") == first
    assert await related(shop, hers) == set(), "as Tom left it"
