"""The service as a process: its roles together, its HTTP, its end."""

import asyncio
import signal
import sys

import httpx
import pytest
from omnifil_contracts.customer import CustomerChanged
from omnifil_contracts.identity import Assurance
from omnifil_devstack.ports import free_ports
from omnifil_testkit.builders import a_sender, an_inbound_message
from omnifil_testkit.waiting import Eventually
from profile_scenes.town import AGENT, Town

pytestmark = pytest.mark.integration


async def test_an_agent_links_and_takes_back_and_everybody_is_told(town: Town, eventually: Eventually) -> None:
    port = free_ports(1)[0]
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "customer_profile.main", "consume", "relay", "api",
        env=town.environment(http_port=port), stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=AGENT, trust_env=False) as http:

            async def ready() -> bool:
                try:
                    return (await http.get("/health/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, timeout_s=30)
            await town.write(an_inbound_message())
            (claire,) = await town.identified()
            await town.write(
                an_inbound_message(channel="social", sender=a_sender("page/1", "messenger", Assurance.CHANNEL))
            )
            (stranger,) = await town.identified("social")
            (suggestion,) = stranger.record.suggestions
            assert suggestion.customer_id == claire.record.customer_id

            body = {
                "command_id": "accept-suggestion-1",
                "link": {
                    "identity": suggestion.identity.model_dump(),
                    "because": suggestion.because.model_dump(),
                },
            }
            answers = await asyncio.gather(
                *(http.post(f"/customers/{suggestion.customer_id}/identities", json=body) for _ in range(3))
            )
            assert {answer.status_code for answer in answers} == {200}
            assert len({answer.text for answer in answers}) == 1
            state = CustomerChanged.model_validate(answers[0].json())
            linked = next(each for each in state.identities if each.identity.kind == "messenger")

            async def told_of_the_merger() -> None:
                states = await town.last_states()
                assert states[state.customer_id] == state
                assert states[stranger.record.customer_id].merged_into == state.customer_id

            await eventually(told_of_the_merger)
            undone = await http.post(f"/links/{linked.link_id}/undo", json={"command_id": "take-it-back-1"})
            assert undone.json()["customer_id"] == stranger.record.customer_id

            async def told_of_the_parting() -> None:
                states = await town.last_states()
                assert states[stranger.record.customer_id] == CustomerChanged.model_validate(undone.json())
                released = states[state.customer_id].released
                assert [each.to_customer_id for each in released] == [stranger.record.customer_id]

            await eventually(told_of_the_parting)
    finally:
        service.send_signal(signal.SIGTERM)
        assert await service.wait() == 0
