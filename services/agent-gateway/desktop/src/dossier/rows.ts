import type { Because, DeliveryState, EventOf, ReplyRequested, TimelineEntry } from "../contracts/types";
import { inReadingOrder } from "../fold";
import type { Outgoing } from "../live/drafts";
import { Moves } from "./moves";

/** What the timeline shows, one row each, made from the entries alone. */
export type Row =
  | { kind: "day"; key: string; at: string }
  | {
      kind: "message";
      key: string;
      entry: TimelineEntry;
      event: EventOf<"message_linked">;
      grouped: boolean;
      undoable: boolean;
    }
  | {
      kind: "reply";
      key: string;
      entry: TimelineEntry;
      reply: ReplyRequested;
      moved: boolean;
      deliveries: Map<string, Delivery>;
    }
  | { kind: "note"; key: string; entry: TimelineEntry; event: EventOf<"note_added"> }
  | { kind: "line"; key: string; entry: TimelineEntry; undoable: boolean; network: string | null }
  | { kind: "sending"; key: string; outgoing: Outgoing };

export interface Delivery {
  state: DeliveryState;
  reason: string | null;
  at: string;
}

const GROUP_MS = 5 * 60_000;

/** Events that are shown as a thin line; the others are words of people, or change the words of people. */
const LINES = new Set<TimelineEntry["event"]["type"]>([
  "dossier_opened",
  "conversation_linked",
  "conversation_unlinked",
  "message_unlinked",
  "reply_unlinked",
  "status_changed",
  "dossier_merged",
  "dossier_unmerged",
  "dossier_related",
  "dossier_unrelated",
  "assigned",
  "unassigned",
  "suggestion_made",
  "suggestion_resolved",
  "customer_reassigned",
  "customer_erased",
]);

export function rowsOf(
  entries: readonly TimelineEntry[],
  outgoing: readonly Outgoing[],
  dayOf: (at: string) => string,
): Row[] {
  const moved = new Moves(entries);
  const deliveries = deliveriesOf(entries);
  const rows: Row[] = [];
  let day = "";
  const startDay = (at: string) => {
    const next = dayOf(at);
    if (next !== day) rows.push({ kind: "day", key: `day:${next}`, at });
    day = next;
  };
  for (const entry of inReadingOrder(entries)) {
    const row = rowOf(entry, deliveries, moved);
    if (row === null || isOpeningLink(entry)) continue;
    startDay(entry.occurred_at);
    const before = rows.at(-1);
    if (before !== undefined && saysTheSame(before, row)) continue;
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

function rowOf(entry: TimelineEntry, deliveries: Map<string, Delivery>, moved: Moves): Row | null {
  const { event } = entry;
  const key = String(entry.seq);
  switch (event.type) {
    case "message_linked":
      return moved.showsMessage(event, entry)
        ? { kind: "message", key, entry, event, grouped: false, undoable: moved.isUndoable(entry) }
        : null;
    case "reply_requested":
    case "reply_linked": {
      const whole = event.type === "reply_linked" ? event.reply : event;
      const targets = whole.targets.filter((target) => moved.showsTarget(whole, target, entry));
      if (targets.length === 0) return null;
      const reply = targets.length === whole.targets.length ? whole : { ...whole, targets };
      const known = event.type === "reply_linked" ? event.states : {};
      return {
        kind: "reply",
        key,
        entry,
        reply,
        moved: event.type === "reply_linked",
        deliveries: statesOf(reply, known, deliveries, entry),
      };
    }
    case "note_added":
      return { kind: "note", key, entry, event };
    default:
      return LINES.has(event.type)
        ? { kind: "line", key, entry, undoable: moved.isUndoable(entry), network: moved.networkOf(event) }
        : null;
  }
}

function statesOf(
  reply: ReplyRequested,
  known: Record<string, DeliveryState>,
  deliveries: Map<string, Delivery>,
  entry: TimelineEntry,
): Map<string, Delivery> {
  const states = new Map<string, Delivery>();
  for (const { outbound_id: id } of reply.targets) {
    const state = known[id];
    const delivery = deliveries.get(id) ?? (state && { state, reason: null, at: entry.occurred_at });
    if (delivery) states.set(id, delivery);
  }
  return states;
}

/** The newest state of each reply on each conversation, by outbound id. */
function deliveriesOf(entries: readonly TimelineEntry[]): Map<string, Delivery> {
  const found = new Map<string, Delivery>();
  for (const { event, occurred_at } of entries) {
    if (event.type === "delivery_updated")
      found.set(event.outbound_id, { state: event.state, reason: event.reason, at: occurred_at });
  }
  return found;
}

/** The conversation that a dossier began with: the dossier's own first line says the same. */
function isOpeningLink(entry: TimelineEntry): boolean {
  return entry.seq === 2 && entry.event.type === "conversation_linked" && entry.event.because.rule === "new";
}

/** A further suggestion that would read as the line above it: the panel shows each with its reasons. */
function saysTheSame(before: Row, row: Row): boolean {
  if (before.kind !== "line" || row.kind !== "line") return false;
  const [said, says] = [before.entry.event, row.entry.event];
  return (
    said.type === "suggestion_made" &&
    says.type === "suggestion_made" &&
    said.suggestion.kind === says.suggestion.kind &&
    said.suggestion.customer_name === says.suggestion.customer_name
  );
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
