import type {
  Conversation,
  DossierEvent,
  DossierSnapshot,
  DossierView,
  Event,
  InboundMessage,
  TimelineEntry,
} from "../src/contracts/types";
import { complete, foldAll } from "../src/fold";

const NOON = Date.parse("2026-03-02T12:00:00Z");
export const at = (minutes: number): string => new Date(NOON + minutes * 60_000).toISOString();

export function entry(seq: number, event: object, more: Partial<TimelineEntry> = {}): TimelineEntry {
  return complete<TimelineEntry>("TimelineEntry", {
    seq,
    at: at(seq),
    occurred_at: at(seq),
    actor: { kind: "system", id: "omnifil" },
    effect_id: `effect:${seq}`,
    event,
    ...more,
  });
}

export const because = { rule: "thread", evidence: [] };
export const opened = {
  type: "dossier_opened",
  customer_id: "clara",
  customer_name: "Clara",
  ordinal: 1,
  number: "D-1",
  because: { rule: "new" },
};

export const conversation = (id: string, channel = "chat"): Conversation => ({
  conversation_id: id,
  channel,
  account: "shop",
  key: id,
});

export const linked = (id: string, channel = "chat") => ({
  type: "conversation_linked",
  conversation: conversation(id, channel),
  because,
});

export function message(
  id: string,
  conversationId: string,
  minutes: number,
  more: Partial<InboundMessage> = {},
): Event {
  return {
    type: "message_linked",
    conversation_id: conversationId,
    customer_id: "clara",
    assured: true,
    because,
    message: {
      message_id: id,
      channel: "chat",
      account: "shop",
      provider_message_id: id,
      conversation: conversation(conversationId),
      sender: { primary: { identity: { kind: "visitor", value: "v" }, assurance: "channel" }, display_name: "Clara" },
      text: `text of ${id}`,
      received_at: at(minutes),
      ...more,
    },
  } as unknown as Event;
}

export function reply(id: string, conversationIds: string[], text = "Hello") {
  return {
    type: "reply_requested",
    reply_id: id,
    text,
    targets: conversationIds.map((each) => ({
      outbound_id: `out:${id}:${each}`,
      conversation: conversation(each),
      recipient: { kind: "visitor", value: "v" },
      reference: "reference",
    })),
  };
}

/** A timeline of these events, numbered from 1. */
export const timeline = (...events: object[]): TimelineEntry[] => events.map((event, index) => entry(index + 1, event));

export const viewOf = (entries: readonly TimelineEntry[], id = "d1"): DossierView => foldAll(null, entries, id)!;

export const published = (entries: readonly TimelineEntry[], id = "d1"): DossierEvent[] =>
  entries.map((each) => ({ dossier_id: id, entry: each }));

export const snapshot = (entries: readonly TimelineEntry[], id = "d1", from = 0): DossierSnapshot => ({
  cursor: "cursor",
  dossier: viewOf(entries, id),
  timeline: entries.slice(from),
  has_earlier: from > 0,
});
