import type { ConversationView, CustomerErased, DossierView } from "../contracts/generated";

const ERASED = "erased";

/** What a view shows after a person was erased: the twin of case-service's `without_person`. */
export function withoutPerson(view: DossierView, event: CustomerErased): Partial<DossierView> {
  const changes: Partial<DossierView> = {
    conversations: view.conversations.map((each) => withoutHandle(each, event)),
    suggestions: view.suggestions.filter(
      (each) =>
        !event.is_theirs &&
        !(each.customer_id !== null && event.customer_ids.includes(each.customer_id)) &&
        !event.conversation_ids.includes(each.conversation_id),
    ),
  };
  if (event.last_message && view.last_message !== null) {
    changes.last_message = { ...view.last_message, text: "" };
  }
  if (event.is_theirs) changes.customer_name = null;
  if (event.subject) changes.subject = null;
  return changes;
}

function withoutHandle(shown: ConversationView, event: CustomerErased): ConversationView {
  const { conversation, because } = shown;
  const nobody = { identity: null, display_name: null };
  if (event.conversation_ids.includes(conversation.conversation_id)) {
    return {
      ...shown,
      ...nobody,
      conversation: { ...conversation, key: ERASED },
      because: { ...because, evidence: because.evidence.map(({ code }) => ({ code, values: {} })) },
    };
  }
  return event.handles_in.includes(conversation.conversation_id) ? { ...shown, ...nobody } : shown;
}
