"""Identities that tell whether anybody raced."""

from collections.abc import Sequence

from customer_profile.adapters.mongo_identities import MongoIdentities
from customer_profile.domain.identities import KnownIdentity
from customer_profile.ports import Change, ChangedElsewhere


class Counting(MongoIdentities):
    """Counts how often somebody came too late."""

    overtaken = 0

    async def write(self, added: Sequence[KnownIdentity], changed: Sequence[Change]) -> None:
        try:
            await super().write(added, changed)
        except ChangedElsewhere:
            self.overtaken += 1
            raise
