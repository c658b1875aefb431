"""The dossier that a move opens for what goes into one of its own."""

from dataclasses import dataclass

from omnifil_contracts import ids
from omnifil_contracts.dossier import DossierOpened
from omnifil_contracts.identity import Because

from case_service.domain.casebook import Casebook
from case_service.domain.dossier import Dossier
from case_service.domain.standing import StandingMessage
from case_service.domain.subjects import subject_of
from case_service.domain.view import conversation_of


@dataclass(frozen=True)
class Opening:
    """A dossier that a move opens."""

    dossier_id: str
    event: DossierOpened


def opening_for(
    casebook: Casebook, source: Dossier, conversation_id: str, because: Because, *, customer_id: str | None = None
) -> Opening:
    """A new dossier for what leaves `source`: of that customer, or of the one who wrote in that conversation."""
    thread = source.memory.threads.get(conversation_id)
    owner = customer_id or (thread.customer_id if thread else None) or source.customer_id
    held = conversation_of(source.view, conversation_id)
    name = held.display_name if held else None
    subject = (thread.subject if thread else None) or source.view.subject
    return _opening(casebook, source, owner, name, subject, because)


def opening_for_message(
    casebook: Casebook, source: Dossier, message: StandingMessage, because: Because, *, customer_id: str | None = None
) -> Opening:
    """A new dossier for what begins with this message: of that customer, or of the one who wrote it."""
    said = message.event.message
    owner = customer_id or message.event.customer_id
    return _opening(casebook, source, owner, said.sender.display_name, subject_of(said), because)


def _opening(
    casebook: Casebook, source: Dossier, owner: str, name: str | None, subject: str | None, because: Because
) -> Opening:
    """`name`: the writer's own, where the customer is another and nobody here knows theirs."""
    ordinal = casebook.next_ordinal(owner)
    dossier_id = ids.dossier_id(owner, ordinal)
    known = [each.view.customer_name for each in casebook.of_customer(owner) if each.view.customer_name]
    event = DossierOpened(
        customer_id=owner,
        customer_name=source.view.customer_name if owner == source.customer_id else (known[-1] if known else name),
        ordinal=ordinal,
        number=ids.dossier_number(dossier_id),
        subject=subject,
        because=because,
    )
    return Opening(dossier_id, event)
