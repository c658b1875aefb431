import type {
  ConversationLinked,
  ConversationUnlinked,
  ConversationView,
  DossierView,
  LastMessage,
  MessageLinked,
  ReplyRequested,
  TimelineEntry,
} from "../contracts/generated";
import { withoutPerson } from "./erased";
import { compareInstants, laterOf } from "./instant";

const EXCERPT_CHARS = 140;

type Changes = Partial<DossierView>;

/** An entry does not follow the one before it: something between them is missing. */
export class Hole extends Error {
  constructor(
    readonly expected: number,
    readonly found: number,
  ) {
    super(`entry ${found} cannot follow; ${expected} is missing`);
  }
}

/**
 * The view after this entry: the twin of case-service's `project`, event by event.
 * One that is already in the view changes nothing; one that skips a `seq` throws `Hole`.
 */
export function fold(view: DossierView | null, entry: TimelineEntry, dossierId: string): DossierView {
  if (view === null) return opened(dossierId, entry);
  if (entry.seq <= view.seq) return view;
  if (entry.seq !== view.seq + 1) throw new Hole(view.seq + 1, entry.seq);
  const lastEntryAt = laterOf(view.last_entry_at, entry.occurred_at);
  return { ...view, seq: entry.seq, last_entry_at: lastEntryAt, ...changesOf(view, entry) };
}

export function foldAll(
  view: DossierView | null,
  entries: readonly TimelineEntry[],
  dossierId: string,
): DossierView | null {
  return entries.reduce<DossierView | null>((before, entry) => fold(before, entry, dossierId), view);
}

function opened(dossierId: string, entry: TimelineEntry): DossierView {
  const { event } = entry;
  if (entry.seq !== 1 || event.type !== "dossier_opened") throw new Hole(1, entry.seq);
  return {
    dossier_id: dossierId,
    seq: 1,
    number: event.number,
    customer_id: event.customer_id,
    customer_name: event.customer_name,
    status: "open",
    subject: event.subject,
    assigned_to: null,
    conversations: [],
    suggestions: [],
    last_message: null,
    messages: 0,
    unanswered_since: null,
    follows: event.follows,
    merged_into: null,
    related: [],
    opened_at: entry.occurred_at,
    last_entry_at: entry.occurred_at,
  };
}

function changesOf(view: DossierView, { event, occurred_at }: TimelineEntry): Changes {
  switch (event.type) {
    case "conversation_linked":
      return { conversations: withConversation(view, event) };
    case "conversation_unlinked":
      return withoutConversation(view, event);
    case "message_linked":
      return withMessage(view, event);
    case "message_unlinked":
      return without(view, event.message_id);
    case "reply_unlinked":
      return event.stays ? {} : without(view, event.reply_id);
    case "reply_requested":
      return withReply(view, event, occurred_at);
    case "reply_linked":
      return {
        ...withReply(view, event.reply, occurred_at),
        ...(event.joins ? { messages: view.messages } : {}),
      };
    case "status_changed":
      return {
        status: event.status,
        merged_into: event.merged_into,
        unanswered_since: event.status === "closed" ? null : view.unanswered_since,
      };
    case "dossier_related": {
      const { dossier_id, number } = event;
      const known = view.related.some((each) => each.dossier_id === dossier_id);
      return known ? {} : { related: [...view.related, { dossier_id, number }] };
    }
    case "dossier_unrelated":
      return { related: view.related.filter((each) => each.dossier_id !== event.dossier_id) };
    case "assigned":
      return { assigned_to: event.agent };
    case "unassigned":
      return { assigned_to: null };
    case "suggestion_made": {
      const made = event.suggestion;
      const known = view.suggestions.some((each) => each.suggestion_id === made.suggestion_id);
      return known ? {} : { suggestions: [...view.suggestions, made] };
    }
    case "suggestion_resolved":
      return { suggestions: view.suggestions.filter((each) => each.suggestion_id !== event.suggestion_id) };
    case "customer_reassigned":
      return { customer_id: event.customer_id, customer_name: event.customer_name };
    case "customer_erased":
      return withoutPerson(view, event);
    default:
      // Deliveries and notes change nothing here; nor does an entry of a kind that only a newer writer knows.
      return {};
  }
}

function withConversation(view: DossierView, event: ConversationLinked): ConversationView[] {
  const { conversation, because } = event;
  const linkedId = conversation.conversation_id;
  if (conversationOf(view, linkedId)) return replaced(view.conversations, linkedId, { because });
  const fresh: ConversationView = {
    conversation,
    identity: null,
    assurance: null,
    display_name: null,
    last_message_at: null,
    reply_window_ends_at: null,
    because,
  };
  return [...view.conversations, fresh];
}

function withoutConversation(view: DossierView, event: ConversationUnlinked): Changes {
  const gone = conversationOf(view, event.conversation_id);
  const messages = Math.max(view.messages - event.messages, 0);
  const last = view.last_message;
  const lastIsGone = last !== null && gone !== undefined && sameInstant(last.at, gone.last_message_at);
  return {
    conversations: view.conversations.filter((each) => each !== gone),
    suggestions: view.suggestions.filter((each) => each.conversation_id !== event.conversation_id),
    messages,
    last_message: messages === 0 || lastIsGone ? null : last,
    unanswered_since: messages === 0 ? null : view.unanswered_since,
  };
}

function withMessage(view: DossierView, event: MessageLinked): Changes {
  const { message } = event;
  const at = message.received_at;
  const inbound = message.direction === "inbound";
  const changes: Changes = { messages: view.messages + 1 };
  const conversation = conversationOf(view, event.conversation_id);
  if (conversation && !isLater(conversation.last_message_at, at)) {
    const said: Partial<ConversationView> = { last_message_at: at };
    if (inbound) {
      said.reply_window_ends_at = message.reply_window_ends_at;
      const byCustomer = message.automatic === null && event.customer_id === view.customer_id;
      if (byCustomer || conversation.identity === null) {
        said.identity = message.sender.primary.identity;
        said.assurance = message.sender.primary.assurance;
        said.display_name = message.sender.display_name;
      }
    }
    changes.conversations = replaced(view.conversations, event.conversation_id, said);
  }
  if (!isLater(view.last_message?.at ?? null, at)) {
    const author = inbound ? "customer" : "company";
    changes.last_message = lastMessage(message.message_id, message.channel, at, author, message.text);
  }
  if (inbound && message.automatic === null) {
    const since = view.unanswered_since;
    changes.unanswered_since = since === null || isLater(since, at) ? at : since;
  } else if (!inbound) {
    changes.unanswered_since = stillUnanswered(view, at);
  }
  return changes;
}

function without(view: DossierView, said: string): Changes {
  const messages = Math.max(view.messages - 1, 0);
  const wasLast = view.last_message?.message_id === said;
  return {
    messages,
    last_message: wasLast || messages === 0 ? null : view.last_message,
    unanswered_since: messages === 0 ? null : view.unanswered_since,
  };
}

function withReply(view: DossierView, reply: ReplyRequested, at: string): Changes {
  const targets = new Set(reply.targets.map((target) => target.conversation.conversation_id));
  const changes: Changes = {
    messages: view.messages + 1,
    conversations: view.conversations.map((each) =>
      targets.has(each.conversation.conversation_id) && !isLater(each.last_message_at, at)
        ? { ...each, last_message_at: at }
        : each,
    ),
    unanswered_since: stillUnanswered(view, at),
  };
  if (!isLater(view.last_message?.at ?? null, at)) {
    const channel = reply.targets[0]!.conversation.channel;
    changes.last_message = lastMessage(reply.reply_id, channel, at, "company", reply.text);
  }
  return changes;
}

function conversationOf(view: DossierView, conversationId: string): ConversationView | undefined {
  return view.conversations.find((each) => each.conversation.conversation_id === conversationId);
}

function replaced(
  conversations: readonly ConversationView[],
  conversationId: string,
  changes: Partial<ConversationView>,
): ConversationView[] {
  return conversations.map((each) =>
    each.conversation.conversation_id === conversationId ? { ...each, ...changes } : each,
  );
}

function stillUnanswered(view: DossierView, answeredAt: string): string | null {
  return isLater(view.unanswered_since, answeredAt) ? view.unanswered_since : null;
}

function isLater(instant: string | null, than: string): boolean {
  return instant !== null && compareInstants(instant, than) > 0;
}

function sameInstant(a: string, b: string | null): boolean {
  return b !== null && compareInstants(a, b) === 0;
}

/** The excerpt is counted as Python counts: in code points, not in UTF-16 units. */
function lastMessage(
  id: string,
  channel: string,
  at: string,
  author: LastMessage["author"],
  text: string,
): LastMessage {
  const excerpt = Array.from(text).slice(0, EXCERPT_CHARS).join("");
  return { message_id: id, channel, at, author, text: excerpt };
}
