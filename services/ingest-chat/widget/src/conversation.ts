// The transcript as this page has it: a fold of what the service says. Pure.

import type { Entry, EntryState, ServerFrame } from "./protocol.ts";

export interface Conversation {
  /** By seq, without doubles. */
  readonly entries: readonly Entry[];
  /** Whether there are entries before the first one here. */
  readonly earlier: boolean;
  /** Up to where an agent has read what the visitor wrote. */
  readonly agentReadSeq: number;
}

export const NOTHING: Conversation = { entries: [], earlier: false, agentReadSeq: 0 };

const RANK: Record<EntryState, number> = { pending: 0, accepted: 1, sent: 0, delivered: 1, read: 2 };

export function fold(before: Conversation, frame: ServerFrame): Conversation {
  switch (frame.type) {
    case "hello": {
      const kept = frame.reset ? NOTHING : before;
      return { ...kept, agentReadSeq: Math.max(kept.agentReadSeq, frame.read_seq) };
    }
    case "entries": {
      const first = before.entries[0]?.seq ?? Infinity;
      const isOlder = frame.entries.length === 0 || frame.entries[0]!.seq <= first;
      const earlier = frame.earlier !== undefined && isOlder ? frame.earlier : before.earlier;
      return { ...before, entries: merged(before.entries, frame.entries), earlier };
    }
    case "accepted":
      return { ...before, entries: merged(before.entries, [frame.entry]) };
    case "read":
      return { ...before, agentReadSeq: Math.max(before.agentReadSeq, frame.seq) };
    default:
      return before;
  }
}

/** Later news of an entry replaces earlier, but a state never goes back: news may overtake each other. */
function merged(known: readonly Entry[], news: readonly Entry[]): readonly Entry[] {
  if (news.length === 0) return known;
  const bySeq = new Map(known.map((entry) => [entry.seq, entry]));
  for (const entry of news) {
    const old = bySeq.get(entry.seq);
    bySeq.set(entry.seq, old && RANK[old.state] > RANK[entry.state] ? { ...entry, state: old.state } : entry);
  }
  return [...bySeq.values()].sort((one, other) => one.seq - other.seq);
}

/** The last seq up to which nothing is missing: where a new connection goes on. null: nothing is known yet. */
export function resumeAfter(conversation: Conversation): number | null {
  let last: number | null = null;
  for (const { seq } of conversation.entries) {
    if (last !== null && seq !== last + 1) break;
    last = seq;
  }
  return last;
}

export function lastSeq(conversation: Conversation): number {
  return conversation.entries.at(-1)?.seq ?? 0;
}

/** The last agent's entry that the visitor has not read (or this browser not received), 0 for none. */
export function unseenUpTo(conversation: Conversation, seen: "delivered" | "read"): number {
  for (const entry of [...conversation.entries].reverse()) {
    if (entry.author === "agent" && RANK[entry.state] < RANK[seen]) return entry.seq;
  }
  return 0;
}

export function unreadCount(conversation: Conversation): number {
  return conversation.entries.filter((entry) => entry.author === "agent" && entry.state !== "read").length;
}

/** The name of the agent who wrote last. */
export function agentName(conversation: Conversation): string | null {
  return conversation.entries.findLast((entry) => entry.author === "agent")?.name ?? null;
}
