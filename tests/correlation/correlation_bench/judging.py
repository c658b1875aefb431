"""An agent who knows the truth, and so accepts just what is right of the suggestions of a dossier."""

from case_service.domain.standing import standing
from omnifil_contracts.dossier import Suggestion

from correlation_bench.playing import Judge, Played


def knowing(played: Played) -> Judge:
    """Judges by the truth of the simulation, at the time of asking."""
    owners = played.simulation.owners()
    matters = {said.message.message_id: said.truth.matter for said in played.simulation.said}
    engine = played.engine

    async def matters_of(dossier_id: str, conversation_id: str | None = None) -> set[str]:
        here = standing(await engine.timeline.history(dossier_id)).messages
        return {
            matters[message_id]
            for message_id, each in here.items()
            if conversation_id is None or each.event.conversation_id == conversation_id
        }

    async def judge(dossier_id: str, suggestion: Suggestion) -> bool:
        if suggestion.kind == "same-customer":
            if suggestion.identity is None or suggestion.customer_id is None:
                return False
            owner = owners.get(suggestion.identity.key, set())
            theirs = (await engine.identities.of_customers([suggestion.customer_id])).get(suggestion.customer_id, [])
            return len(owner) == 1 and {frozenset(owners.get(each.key, ())) for each in theirs} == {frozenset(owner)}
        if suggestion.dossier_id is None:
            return False
        here = await matters_of(dossier_id, suggestion.conversation_id)
        return len(here) == 1 and here <= await matters_of(suggestion.dossier_id)

    return judge
