"""Persons, asked of customer-profile and case-service."""

import json
from typing import Any
from urllib.parse import quote

from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.erasure import EraseCustomer
from omnifil_contracts.identity import Actor

from agent_gateway.adapters.internal_http import InternalApi
from agent_gateway.ports import Answer

Json = dict[str, Any]


class HttpPersons:
    """Implements `persons.Persons`. Its questions read all there is, so they may take longer than others."""

    def __init__(self, cases: InternalApi, profiles: InternalApi) -> None:
        self._cases = cases
        self._profiles = profiles

    async def person(self, customer_id: str) -> Json:
        answer = await self._profiles.ask_or_refuse("GET", f"/customers/{quote(customer_id, safe='')}/person")
        return dict(json.loads(answer.body))

    async def state(self, customer_id: str) -> CustomerChanged:
        answer = await self._profiles.ask_or_refuse("GET", f"/customers/{quote(customer_id, safe='')}")
        return CustomerChanged.model_validate_json(answer.body)

    async def holdings(self, person: Json) -> list[Json]:
        return list(await self._asked("/persons/holdings", person))

    async def count(self, person: Json) -> dict[str, int]:
        return dict(await self._asked("/persons/count", person))

    async def erase(self, customer_id: str, asked: EraseCustomer, agent: Actor) -> Answer:
        path = f"/customers/{quote(customer_id, safe='')}/erase"
        return await self._profiles.ask("POST", path, body=asked.model_dump_json().encode(), agent=agent)

    async def erasure(self, erasure_id: str) -> Answer:
        return await self._profiles.ask("GET", f"/erasures/{quote(erasure_id, safe='')}")

    async def _asked(self, path: str, person: Json) -> Any:
        handles = [*person["identities"], *person.get("as_written", ())]
        body = json.dumps({"customer_ids": person["customer_ids"], "identities": handles}).encode()
        return json.loads((await self._cases.ask_or_refuse("POST", path, body=body)).body)
