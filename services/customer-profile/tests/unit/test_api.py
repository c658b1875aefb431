"""The internal API on fakes: what it takes, what it answers, what it refuses."""

from collections.abc import AsyncIterator

import httpx
import pytest
from customer_profile.entrypoints import api
from omnifil_contracts.customer import CustomerChanged
from profile_scenes.people import CLAIRE, mail, messenger, unproven_mail
from profile_scenes.scene import Scene
from pydantic import SecretStr

TOKEN = "internal-for-tests"
AGENT = {"X-Omnifil-Agent": "amelie", "X-Omnifil-Agent-Name": "Am%C3%A9lie%20Roux"}


@pytest.fixture
async def http(scene: Scene) -> AsyncIterator[httpx.AsyncClient]:
    app = api.create(scene.desk, SecretStr(TOKEN))
    headers = {"Authorization": f"Bearer {TOKEN}", **AGENT}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://profile", headers=headers) as client:
        yield client


async def test_nobody_is_told_anything_without_the_token(http: httpx.AsyncClient) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}):
        answer = await http.get("/customers/c1", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "internal-token-invalid")


async def test_customers_by_id(scene: Scene, http: httpx.AsyncClient) -> None:
    claire, paul = await scene.hears(mail(), mail("paul@customer.test"))
    one = CustomerChanged.model_validate((await http.get(f"/customers/{claire.customer_id}")).json())
    assert one == await scene.desk.customer(claire.customer_id)
    several = (await http.get(f"/customers?ids={paul.customer_id},nobody,{claire.customer_id}")).json()
    assert [each["customer_id"] for each in several] == [paul.customer_id, claire.customer_id]


async def test_an_identity_tells_whose_it_is_and_was(scene: Scene, http: httpx.AsyncClient) -> None:
    claire, stranger = await scene.hears(mail(), messenger("1"))
    await scene.links("messenger:page/1", claire.customer_id)
    answer = (await http.get("/identities/messenger/page/1")).json()
    assert answer["customer_id"] == claire.customer_id
    assert answer["current"]["assurance"] == "verified"
    assert [each["customer_id"] for each in answer["history"]] == [stranger.customer_id, claire.customer_id]
    assert (await http.get(f"/identities/email/{CLAIRE.upper()}")).json()["customer_id"] == claire.customer_id


async def test_an_agent_links_and_takes_back(scene: Scene, http: httpx.AsyncClient) -> None:
    claire, stranger = await scene.hears(mail(), messenger("1"))
    body = {"command_id": "command-1", "link": {"identity": {"kind": "messenger", "value": "page/1"}}}
    answer = await http.post(f"/customers/{claire.customer_id}/identities", json=body)
    assert answer.status_code == 200
    state = CustomerChanged.model_validate(answer.json())
    linked = next(each for each in state.identities if each.identity.kind == "messenger")
    assert linked.actor.name == "Amélie Roux"
    undone = await http.post(f"/links/{linked.link_id}/undo", json={"command_id": "command-2"})
    assert undone.json()["customer_id"] == stranger.customer_id


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/customers/nobody", None, 404, "customer-not-found"),
        ("GET", "/identities/email/nobody@x.test", None, 404, "identity-not-found"),
        ("GET", "/identities/NO/x", None, 422, "invalid-request"),
        ("GET", f"/identities/email/{'a' * 513}", None, 422, "invalid-request"),
        ("POST", "/customers/{claire}/identities", {"kind": "email-unproven", "value": CLAIRE}, 409,
         "identity-not-linkable"),
        ("POST", "/customers/{claire}/identities", {"kind": "messenger", "value": "none"}, 404, "identity-not-found"),
        ("POST", "/customers/nobody/identities", {"kind": "messenger", "value": "page/1"}, 404, "customer-not-found"),
        ("POST", "/links/none/undo", {}, 409, "nothing-to-undo"),
    ],
)  # fmt: skip
async def test_what_is_refused_says_why(
    scene: Scene,
    http: httpx.AsyncClient,
    method: str,
    path: str,
    body: dict[str, str] | None,
    status: int,
    code: str,
) -> None:
    claire, *_ = await scene.hears(mail(), messenger("1"), unproven_mail())
    asked = None if body is None else {"command_id": "command-1", **({"link": {"identity": body}} if body else {})}
    answer = await http.request(method, path.format(claire=claire.customer_id), json=asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_command_without_agent_or_id_is_refused(scene: Scene, http: httpx.AsyncClient) -> None:
    claire = await scene.hear(mail())
    path = f"/customers/{claire.customer_id}/identities"
    link = {"identity": {"kind": "email", "value": CLAIRE}}
    assert (await http.post(path, json={"link": link})).status_code == 422
    del http.headers["X-Omnifil-Agent"]
    assert (await http.post(path, json={"command_id": "command-1", "link": link})).status_code == 422
