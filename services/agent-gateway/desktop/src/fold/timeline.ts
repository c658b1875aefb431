import type { TimelineEntry } from "../contracts/generated";
import { compareInstants } from "./instant";

/** The newest part of a timeline without a hole: entries by `seq`, oldest first. */
export interface Stretch {
  readonly entries: readonly TimelineEntry[];
  /** Whether the dossier has entries before the first one. */
  readonly hasEarlier: boolean;
}

/** Both lists as one, by `seq`, each `seq` once. Entries never change, so it does not matter which one stays. */
export function merge(known: readonly TimelineEntry[], more: readonly TimelineEntry[]): readonly TimelineEntry[] {
  const last = known.at(-1);
  const first = more[0];
  if (first === undefined) return known;
  if (last === undefined) return more;
  if (first.seq > last.seq) return [...known, ...more];
  const bySeq = new Map(known.map((entry) => [entry.seq, entry]));
  for (const entry of more) bySeq.set(entry.seq, bySeq.get(entry.seq) ?? entry);
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** The part of `entries` that ends with the newest one and has no hole in it. */
export function newestStretch(entries: readonly TimelineEntry[]): readonly TimelineEntry[] {
  let start = entries.length - 1;
  while (start > 0 && entries[start - 1]!.seq === entries[start]!.seq - 1) start -= 1;
  return start <= 0 ? entries : entries.slice(start);
}

/** In the order in which people read: by when it happened in the world, then by `seq`. */
export function inReadingOrder(entries: readonly TimelineEntry[]): TimelineEntry[] {
  return [...entries].sort((a, b) => compareInstants(a.occurred_at, b.occurred_at) || a.seq - b.seq);
}
