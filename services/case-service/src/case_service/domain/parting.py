"""What agents parted stays parted: no rule puts two conversations together again that an agent took apart.

Every dossier remembers, of each conversation that it has (or the beginning of which stayed behind in it), from which
others it was parted. The memory goes along wherever the conversation moves. An agent who puts the two together again
takes it back.
"""

from collections.abc import Collection

from omnifil_contracts.identity import Evidence

from case_service.domain.dossier import Dossier


def parted(dossier: Dossier, conversation_id: str) -> bool:
    """Whether an agent parted that conversation from one that is in this dossier: then no rule may link it here."""
    if dossier.has_conversation(conversation_id):
        return False
    return any(conversation_id in others for others in dossier.memory.parted.values())


def parted_evidence(dossier: Dossier) -> Evidence:
    """Why a rule that pointed to this dossier was overruled."""
    return Evidence(code="parted-by-agent", values={"number": dossier.view.number})


def carried_along(
    source: Dossier, conversation_id: str, *, parted_now: Collection[str] = (), joins: Collection[str] = ()
) -> tuple[str, ...]:
    """From what the conversation is parted where it goes: what was remembered here, and what it is parted from now.

    `joins`: the conversations with which an agent puts it together there.
    """
    known = (*source.memory.parted.get(conversation_id, ()), *parted_now)
    return tuple(dict.fromkeys(each for each in known if each != conversation_id and each not in joins))
