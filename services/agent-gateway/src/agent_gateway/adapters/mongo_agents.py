"""The agents who have signed in here, in MongoDB."""

import time
from collections.abc import Callable

from omnifil_contracts.identity import Actor
from omnifil_mongostore.client import Mongo
from omnifil_mongostore.failures import translate

_AGAIN_AFTER_S = 300


class MongoAgents:
    """`saw` is called on every request and writes only now and then."""

    def __init__(self, mongo: Mongo, clock: Callable[[], float] = time.monotonic) -> None:
        self._agents = mongo.database("gateway")["agents"]
        self._clock = clock
        self._written: dict[Actor, float] = {}

    async def saw(self, agent: Actor) -> None:
        now = self._clock()
        if now - self._written.get(agent, float("-inf")) < _AGAIN_AFTER_S:
            return
        self._written[agent] = now  # at once: whoever comes back with a hundred windows is written down once
        try:
            with translate():
                await self._agents.update_one({"_id": agent.id}, {"$set": {"name": agent.name}}, upsert=True)
        except BaseException:
            del self._written[agent]
            raise

    async def all(self) -> list[Actor]:
        with translate():
            documents = await self._agents.find({}).sort("name", 1).to_list(1000)
        return [Actor(kind="agent", id=document["_id"], name=document["name"]) for document in documents]
