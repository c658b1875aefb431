"""The HTTP door of sources without a Kafka client: what they push goes by the topic, with its order and retries."""

from fastapi import APIRouter
from omnifil_contracts.profile import ProfileUpdated

from customer_profile.domain.telling import NotVouchedFor
from customer_profile.hearing import Hearing, TooFarAhead
from customer_profile.ports import ProfileUpdates

REFUSED = (NotVouchedFor, TooFarAhead)


def routes(hearing: Hearing, updates: ProfileUpdates) -> APIRouter:
    api = APIRouter()

    @api.post("/profile-updates", status_code=202)
    async def push(update: ProfileUpdated) -> None:
        """202: Kafka has it, the card shows it a moment later. The same `update_id` again has no second effect."""
        hearing.check(update)
        await updates.push([update])

    return api
