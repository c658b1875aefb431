"""case-service and customer-profile over their internal HTTP APIs."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import httpx
from omnifil_contracts.customer import CustomerChanged, LinkIdentity, MergePreview
from omnifil_contracts.dossier import DossierView
from omnifil_contracts.identity import Actor
from omnifil_contracts.profile import ProfileUpdated
from omnifil_contracts.views import DossierSnapshot
from omnifil_servicekit.errors import Transient
from omnifil_servicekit.outward import Transport
from opentelemetry import propagate
from pydantic import SecretStr, TypeAdapter

from agent_gateway.ports import Answer, Refused

_DOSSIERS: TypeAdapter[tuple[DossierView, ...]] = TypeAdapter(tuple[DossierView, ...])


class InternalApi:
    """One internal service: its base URL, the shared secret, and failures as `Transient`."""

    def __init__(self, name: str, base_url: str, token: SecretStr, timeout_s: float) -> None:
        self._name = name
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token.get_secret_value()}"},
            timeout=timeout_s,
            transport=Transport(limits=httpx.Limits(max_connections=200, max_keepalive_connections=50)),
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def ready(self) -> None:
        """Raises `Transient` when the service does not answer."""
        await self.ask("GET", "/health/live")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        agent: Actor | None = None,
    ) -> Answer:
        headers: dict[str, str] = {"Content-Type": "application/json"} if body is not None else {}
        if agent is not None:
            headers |= _agent_headers(agent)
        propagate.inject(headers)
        try:
            response = await self._http.request(method, path, params=list(query), content=body, headers=headers)
        except httpx.HTTPError as error:
            raise Transient(f"{self._name} does not answer: {type(error).__name__}") from error
        if response.status_code in (502, 503, 504):
            raise Transient(f"{self._name} is not available just now.")
        return Answer(response.status_code, response.content, response.headers.get("content-type", "application/json"))

    async def ask_or_refuse(self, method: str, path: str, **rest: object) -> Answer:
        """Like `ask`; raises `Refused` for an answer that says no."""
        answer = await self.ask(method, path, **rest)  # type: ignore[arg-type]  # the keywords of `ask`
        if not answer.is_success:
            raise Refused(answer)
        return answer


class HttpCases:
    """case-service's api role."""

    def __init__(self, api: InternalApi) -> None:
        self._api = api

    async def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Answer:
        return await self._api.ask("GET", path, query=query)

    async def dossier(self, dossier_id: str) -> DossierView:
        answer = await self._api.ask_or_refuse("GET", f"/dossiers/{_segment(dossier_id)}", query=[("limit", "1")])
        return DossierSnapshot.model_validate_json(answer.body).dossier

    async def dossiers_of(self, customer_id: str) -> tuple[DossierView, ...]:
        answer = await self._api.ask_or_refuse("GET", f"/customers/{_segment(customer_id)}/dossiers")
        return _DOSSIERS.validate_json(answer.body)

    async def command(self, dossier_id: str, body: bytes, agent: Actor) -> Answer:
        return await self._api.ask("POST", f"/dossiers/{_segment(dossier_id)}/commands", body=body, agent=agent)

    async def preview(self, dossier_id: str, body: bytes, agent: Actor) -> Answer:
        return await self._api.ask("POST", f"/dossiers/{_segment(dossier_id)}/preview", body=body, agent=agent)


class HttpProfiles:
    """customer-profile's api role."""

    def __init__(self, api: InternalApi) -> None:
        self._api = api

    async def customer(self, customer_id: str) -> CustomerChanged:
        answer = await self._api.ask_or_refuse("GET", f"/customers/{_segment(customer_id)}")
        return CustomerChanged.model_validate_json(answer.body)

    async def link(self, customer_id: str, command_id: str, link: LinkIdentity, agent: Actor) -> CustomerChanged:
        body = _json({"command_id": command_id, "link": link.model_dump(mode="json")})
        path = f"/customers/{_segment(customer_id)}/identities"
        answer = await self._api.ask_or_refuse("POST", path, body=body, agent=agent)
        return CustomerChanged.model_validate_json(answer.body)

    async def push(self, update: ProfileUpdated) -> Answer:
        return await self._api.ask("POST", "/profile-updates", body=update.model_dump_json().encode())

    async def undo_link(self, link_id: str, command_id: str, agent: Actor) -> CustomerChanged:
        body = _json({"command_id": command_id})
        answer = await self._api.ask_or_refuse("POST", f"/links/{_segment(link_id)}/undo", body=body, agent=agent)
        return CustomerChanged.model_validate_json(answer.body)

    async def merge_preview(self, customer_id: str, other_id: str) -> MergePreview:
        path = f"/customers/{_segment(customer_id)}/merge-preview"
        answer = await self._api.ask_or_refuse("GET", path, query=[("other", other_id)])
        return MergePreview.model_validate_json(answer.body)

    async def command(self, path: str, body: bytes, agent: Actor) -> Answer:
        return await self._api.ask("POST", path, body=body, agent=agent)


_ANY: TypeAdapter[object] = TypeAdapter(object)


def _json(value: Mapping[str, object]) -> bytes:
    return _ANY.dump_json(value)


def _agent_headers(agent: Actor) -> dict[str, str]:
    """Header values are ASCII: both are percent-encoded."""
    return {"X-Omnifil-Agent": quote(agent.id, safe=""), "X-Omnifil-Agent-Name": quote(agent.name or "", safe="")}


def _segment(part: str) -> str:
    """One segment of a path, whatever it holds."""
    return quote(part, safe="")
