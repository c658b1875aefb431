"""What a view shows after a person was erased: the same, whether the entries before it are emptied yet or not."""

from typing import Any

from omnifil_contracts.dossier import ConversationView, CustomerErased, DossierView
from omnifil_contracts.erasure import ERASED
from omnifil_contracts.identity import Because, Evidence


def without_person(view: DossierView, event: CustomerErased) -> dict[str, Any]:
    """The fields of the view that `customer_erased` changes."""
    changes: dict[str, Any] = {
        "conversations": tuple(_without_handle(each, event) for each in view.conversations),
        "suggestions": tuple(
            each
            for each in view.suggestions
            if not event.is_theirs
            and each.customer_id not in event.customer_ids
            and each.conversation_id not in event.conversation_ids
        ),
    }
    if event.last_message and view.last_message is not None:
        changes["last_message"] = view.last_message.model_copy(update={"text": ""})
    if event.is_theirs:
        changes["customer_name"] = None
    if event.subject:
        changes["subject"] = None
    return changes


def bare(because: Because) -> Because:
    """The rule and the facts' codes, without what filled their sentences."""
    return because.model_copy(update={"evidence": tuple(Evidence(code=each.code) for each in because.evidence)})


def _without_handle(shown: ConversationView, event: CustomerErased) -> ConversationView:
    conversation_id = shown.conversation.conversation_id
    nobody: dict[str, Any] = {"identity": None, "display_name": None}
    if conversation_id in event.conversation_ids:
        keyless = shown.conversation.model_copy(update={"key": ERASED})
        return shown.model_copy(update=nobody | {"conversation": keyless, "because": bare(shown.because)})
    return shown.model_copy(update=nobody) if conversation_id in event.handles_in else shown
