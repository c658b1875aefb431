import type { Because, DeliveryState, EventOf, ReplyRequested, TimelineEntry } from "../contracts/types";
import { inReadingOrder } from "../fold";
import type { Outgoing } from "../live/drafts";

/** What the timeline shows, one row each, made from the entries alone. */
export type Row =
  | { kind: "day"; key: string; at: string }
  | { kind: "message"; key: string; entry: TimelineEntry; event: EventOf<"message_linked">; grouped: boolean }
  | { kind: "reply"; key: string; entry: TimelineEntry; reply: ReplyRequested; moved: boolean; deliveries: Map<string, Delivery> }
  | { kind: "note"; key: string; entry: TimelineEntry; event: EventOf<"note_added"> }
  | { kind: "line"; key: string; entry: TimelineEntry }
  | { kind: "sending"; key: string; outgoing: Outgoing };

export interface Delivery {
  state: DeliveryState;
  reason: string | null;
  at: string;
}

const GROUP_MS = 5 * 60_000;
const RANK: Record<DeliveryState, number> = { sent: 0, delivered: 1, read: 2, failed: 3 };

/** Events that are shown as a thin line; the others are words of people, or change the words of people. */
const LINES = new Set<TimelineEntry["event"]["type"]>([
  "dossier_opened",
  "conversation_linked",
  "conversation_unlinked",
  "message_unlinked",
  "status_changed",
  "assigned",
  "unassigned",
  "suggestion_made",
  "suggestion_resolved",
  "customer_reassigned",
]);

export function rowsOf(entries: readonly TimelineEntry[], outgoing: readonly Outgoing[], dayOf: (at: string) => string): Row[] {
  const gone = whatIsGone(entries);
  const deliveries = deliveriesOf(entries);
  const rows: Row[] = [];
  let day = "";
  const startDay = (at: string) => {
    const next = dayOf(at);
    if (next !== day) rows.push({ kind: "day", key: `day:${next}`, at });
    day = next;
  };
  for (const entry of inReadingOrder(entries)) {
    const row = rowOf(entry, deliveries);
    if (row === null || isGone(row, gone)) continue;
    if (isOpeningLink(entry)) continue;
    startDay(entry.occurred_at);
    const before = rows.at(-1);
    rows.push(row.kind === "message" && before !== undefined ? { ...row, grouped: continues(before, row) } : row);
  }
  const sent = new Set(entries.map((entry) => entry.effect_id.split(":")[1]));
  for (const item of outgoing) {
    if (sent.has(item.commandId)) continue;
    startDay(item.at);
    rows.push({ kind: "sending", key: `sending:${item.commandId}`, outgoing: item });
  }
  return rows;
}

function rowOf(entry: TimelineEntry, deliveries: Map<string, Delivery>): Row | null {
  const { event } = entry;
  const key = String(entry.seq);
  switch (event.type) {
    case "message_linked":
      return { kind: "message", key, entry, event, grouped: false };
    case "reply_requested":
      return { kind: "reply", key, entry, reply: event, moved: false, deliveries: of(event, deliveries) };
    case "reply_linked": {
      const known = new Map(
        Object.entries(event.states).map(([id, state]) => [id, { state, reason: null, at: entry.occurred_at }]),
      );
      return { kind: "reply", key, entry, reply: event.reply, moved: true, deliveries: of(event.reply, new Map([...known, ...deliveries])) };
    }
    case "note_added":
      return { kind: "note", key, entry, event };
    default:
      return LINES.has(event.type) ? { kind: "line", key, entry } : null;
  }
}

function of(reply: ReplyRequested, deliveries: Map<string, Delivery>): Map<string, Delivery> {
  return new Map(reply.targets.flatMap((target) => {
    const delivery = deliveries.get(target.outbound_id);
    return delivery ? [[target.outbound_id, delivery] as const] : [];
  }));
}

/** The furthest state of each reply: a late "delivered" does not take back a "read". */
function deliveriesOf(entries: readonly TimelineEntry[]): Map<string, Delivery> {
  const found = new Map<string, Delivery>();
  for (const { event, occurred_at } of entries) {
    if (event.type !== "delivery_updated") continue;
    const before = found.get(event.outbound_id);
    if (before === undefined || RANK[event.state] >= RANK[before.state]) {
      found.set(event.outbound_id, { state: event.state, reason: event.reason, at: occurred_at });
    }
  }
  return found;
}

interface Gone {
  messages: Map<string, number>;
  conversations: Map<string, number>;
}

/** What has moved to another dossier since: by id, up to which `seq`. */
function whatIsGone(entries: readonly TimelineEntry[]): Gone {
  const gone: Gone = { messages: new Map(), conversations: new Map() };
  for (const { event, seq } of entries) {
    if (event.type === "message_unlinked") gone.messages.set(event.message_id, seq);
    if (event.type === "conversation_unlinked" && event.messages > 0) gone.conversations.set(event.conversation_id, seq);
  }
  return gone;
}

function isGone(row: Row, gone: Gone): boolean {
  if (row.kind === "message") {
    const { message, conversation_id } = row.event;
    const until = Math.max(gone.messages.get(message.message_id) ?? 0, gone.conversations.get(conversation_id) ?? 0);
    return row.entry.seq < until;
  }
  if (row.kind === "reply") {
    return row.reply.targets.every(
      (target) => row.entry.seq < (gone.conversations.get(target.conversation.conversation_id) ?? 0),
    );
  }
  return false;
}

/** The conversation that a dossier began with: the dossier's own first line says the same. */
function isOpeningLink(entry: TimelineEntry): boolean {
  return entry.seq === 2 && entry.event.type === "conversation_linked" && entry.event.because.rule === "new";
}

function continues(before: Row, row: Extract<Row, { kind: "message" }>): boolean {
  return (
    before.kind === "message" &&
    before.event.conversation_id === row.event.conversation_id &&
    before.entry.actor.id === row.entry.actor.id &&
    before.event.message.direction === row.event.message.direction &&
    Date.parse(row.entry.occurred_at) - Date.parse(before.entry.occurred_at) < GROUP_MS
  );
}

/** Why an entry is where it is, for the entries that say so. */
export function becauseOf(entry: TimelineEntry): Because | null {
  return "because" in entry.event ? entry.event.because : null;
}

/** Whether an agent can take this link back; the beginning of a dossier can only be moved. */
export function isUndoable(entry: TimelineEntry, entries: readonly TimelineEntry[]): boolean {
  const { event } = entry;
  if (event.type === "conversation_unlinked" || event.type === "message_unlinked") return true;
  if (event.type !== "conversation_linked" && event.type !== "message_linked") return false;
  if (event.because.rule === "new") return false;
  const gone = whatIsGone(entries);
  const conversation = event.type === "conversation_linked" ? event.conversation.conversation_id : event.conversation_id;
  const left = Math.max(
    gone.conversations.get(conversation) ?? 0,
    event.type === "message_linked" ? (gone.messages.get(event.message.message_id) ?? 0) : 0,
  );
  return left < entry.seq;
}
