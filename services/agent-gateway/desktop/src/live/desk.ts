import type {
  CustomerChanged,
  DossierEvent,
  DossierSnapshot,
  DossierView,
  PresenceChanged,
  Timeline,
  TimelineEntry,
} from "../contracts/generated";
import { fold, merge, newestStretch } from "../fold";

/** What is known of one dossier: its view, and its timeline if it is held. */
export interface Known {
  readonly view: DossierView;
  readonly timeline: Held | null;
}
export interface Held {
  readonly entries: readonly TimelineEntry[];
  readonly hasEarlier: boolean;
}
export interface Presence {
  readonly change: PresenceChanged;
  /** By this machine's clock, in ms. */
  readonly until: number;
}

export interface DeskOptions {
  /** Fetches a dossier again; null: there is no such dossier (any more, or for this agent). */
  refetch: (dossierId: string, withTimeline: boolean) => Promise<DossierSnapshot | null>;
  now?: () => number;
  pause?: (ms: number) => Promise<void>;
}

const HELD_TIMELINES = 24;
const REFETCHES_AT_ONCE = 4;
const REFETCH_PAUSES_MS = [0, 150, 400, 1000, 2500, 5000];

/**
 * All server state that is shown. It changes only by snapshots and by the fold of events, applied by (dossier, seq):
 * what is already known is ignored, and a hole makes the dossier be fetched again.
 */
export class Desk {
  private readonly known = new Map<string, Known>();
  private readonly ahead = new Map<string, TimelineEntry[]>();
  private readonly refetching = new Set<string>();
  private readonly queue: (() => void)[] = [];
  private running = 0;
  private readonly customers = new Map<string, CustomerChanged>();
  private readonly presences = new Map<string, Presence>();
  private readonly listeners = new Set<() => void>();
  private order: string[] = [];
  private sorted: { version: number; views: readonly DossierView[] } = { version: -1, views: [] };
  /** Grows with every change. */
  version = 0;

  constructor(private readonly options: DeskOptions) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get(dossierId: string): Known | undefined {
    return this.known.get(dossierId);
  }

  customer(customerId: string): CustomerChanged | undefined {
    return this.customers.get(customerId);
  }

  /** Every known dossier, newest activity first. */
  views(): readonly DossierView[] {
    if (this.sorted.version !== this.version) {
      const dated = [...this.known.values()].map(({ view }) => ({ view, at: Date.parse(view.last_entry_at) }));
      dated.sort((a, b) => b.at - a.at || (b.view.dossier_id > a.view.dossier_id ? 1 : -1));
      this.sorted = { version: this.version, views: dated.map(({ view }) => view) };
    }
    return this.sorted.views;
  }

  presencesOf(view: DossierView): Presence[] {
    const now = this.now();
    const conversations = new Set(view.conversations.map((known) => known.conversation.conversation_id));
    return [...this.presences.values()].filter(
      ({ change, until }) =>
        until > now &&
        (change.dossier_id === view.dossier_id ||
          (change.conversation_id !== null && conversations.has(change.conversation_id))),
    );
  }

  /** Views of an inbox page. A view that is older than what is known is not taken. */
  takeViews(views: readonly DossierView[]): void {
    for (const view of views) {
      const before = this.known.get(view.dossier_id);
      if (before === undefined) {
        this.known.set(view.dossier_id, { view, timeline: null });
        this.catchUp(view.dossier_id);
      } else if (view.seq > before.view.seq) {
        if (before.timeline === null) {
          this.known.set(view.dossier_id, { view, timeline: null });
          this.catchUp(view.dossier_id);
        } else {
          void this.fetchAgain(view.dossier_id);
        }
      }
    }
    this.changed();
  }

  takeSnapshot(snapshot: DossierSnapshot, withTimeline = true): void {
    const id = snapshot.dossier.dossier_id;
    const before = this.known.get(id);
    let view = before !== undefined && before.view.seq > snapshot.dossier.seq ? before.view : snapshot.dossier;
    let timeline = before?.timeline ?? null;
    if (withTimeline) {
      const entries = newestStretch(merge(timeline?.entries ?? [], snapshot.timeline));
      const joined = timeline !== null && entries[0]?.seq === timeline.entries[0]?.seq;
      timeline = { entries, hasEarlier: joined ? timeline!.hasEarlier : (entries[0]?.seq ?? 1) > 1 };
      for (const entry of entries) if (entry.seq === view.seq + 1) view = fold(view, entry, id);
      this.keep(id);
    } else if (timeline !== null && view.seq > (timeline.entries.at(-1)?.seq ?? 0)) {
      timeline = null;
    }
    this.known.set(id, { view, timeline });
    this.catchUp(id);
    this.changed();
  }

  takeEarlier(dossierId: string, page: Timeline): void {
    const before = this.known.get(dossierId);
    if (!before?.timeline) return;
    const entries = newestStretch(merge(before.timeline.entries, page.entries));
    this.known.set(dossierId, { ...before, timeline: { entries, hasEarlier: page.has_earlier } });
    this.changed();
  }

  takeCustomers(customers: readonly CustomerChanged[]): void {
    for (const customer of customers) {
      const before = this.customers.get(customer.customer_id);
      if (before === undefined || before.version < customer.version) this.customers.set(customer.customer_id, customer);
    }
    this.changed();
  }

  takePresences(changes: readonly PresenceChanged[]): void {
    for (const change of changes) {
      const key = `${change.actor.kind}:${change.actor.id}@${change.dossier_id ?? change.conversation_id}`;
      if (change.activity === "read") continue;
      if (change.activity === "idle") this.presences.delete(key);
      // How long it holds is taken from the record: the clocks of two machines differ.
      else {
        const holds = Math.min(60_000, Date.parse(change.expires_at) - Date.parse(change.at));
        this.presences.set(key, { change, until: this.now() + holds });
      }
    }
    this.changed();
  }

  /** Lets go of presences that have run out. */
  prune(): void {
    const now = this.now();
    const gone = [...this.presences].filter(([, presence]) => presence.until <= now);
    for (const [key] of gone) this.presences.delete(key);
    if (gone.length > 0) this.changed();
  }

  applyEvents(events: readonly DossierEvent[]): void {
    for (const event of events) this.apply(event.dossier_id, event.entry);
    if (events.length > 0) this.changed();
  }

  /** Forgets everything, because the stream cannot be continued; what is shown is fetched again. */
  reset(): void {
    this.known.clear();
    this.ahead.clear();
    this.order = [];
    this.changed();
  }

  private apply(id: string, entry: TimelineEntry): void {
    const before = this.known.get(id);
    if (before === undefined && entry.seq === 1) {
      this.known.set(id, { view: fold(null, entry, id), timeline: null });
      this.catchUp(id);
    } else if (before !== undefined && entry.seq <= before.view.seq) {
      return;
    } else if (before !== undefined && entry.seq === before.view.seq + 1) {
      this.known.set(id, appended(before, entry, id));
    } else {
      this.ahead.set(id, [...(this.ahead.get(id) ?? []), entry]);
      void this.fetchAgain(id);
    }
  }

  /** Applies entries that came before what they follow; a hole that is left is fetched. */
  private catchUp(id: string): void {
    const waiting = this.ahead.get(id);
    if (waiting === undefined) return;
    let known = this.known.get(id)!;
    waiting.sort((a, b) => a.seq - b.seq);
    while (waiting[0] !== undefined && waiting[0].seq <= known.view.seq + 1) {
      known = appended(known, waiting.shift()!, id);
    }
    this.known.set(id, known);
    if (waiting.length === 0) this.ahead.delete(id);
    else void this.fetchAgain(id);
  }

  /** The projection that answers may lag behind the stream for a moment: ask again until it holds what is missing. */
  private async fetchAgain(id: string): Promise<void> {
    if (this.refetching.has(id)) return;
    this.refetching.add(id);
    if (this.running >= REFETCHES_AT_ONCE) await new Promise<void>((go) => this.queue.push(go));
    this.running += 1;
    try {
      for (const pause of REFETCH_PAUSES_MS) {
        if (pause > 0) await (this.options.pause ?? sleep)(pause);
        const withTimeline = this.known.get(id)?.timeline != null;
        const snapshot = await this.options.refetch(id, withTimeline).catch(() => undefined);
        if (snapshot === null) this.ahead.delete(id);
        else if (snapshot !== undefined) this.takeSnapshot(snapshot, withTimeline);
        if (snapshot !== undefined && !this.ahead.has(id)) return;
      }
    } finally {
      this.refetching.delete(id);
      this.running -= 1;
      this.queue.shift()?.();
    }
  }

  /** Timelines are held for the dossiers looked at last; the others keep their view. */
  private keep(id: string): void {
    this.order = [id, ...this.order.filter((other) => other !== id)];
    for (const dropped of this.order.splice(HELD_TIMELINES)) {
      const known = this.known.get(dropped);
      if (known) this.known.set(dropped, { ...known, timeline: null });
    }
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }

  private changed(): void {
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}

function appended(known: Known, entry: TimelineEntry, id: string): Known {
  if (entry.seq <= known.view.seq) return known;
  // What was said before it has been emptied at the source: what is held here goes, and is asked for again.
  if (entry.event.type === "customer_erased") return { view: fold(known.view, entry, id), timeline: null };
  const timeline = known.timeline && { ...known.timeline, entries: merge(known.timeline.entries, [entry]) };
  return { view: fold(known.view, entry, id), timeline };
}

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
