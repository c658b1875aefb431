import type { Attachment, Command } from "../contracts/types";

/** What an agent has begun to write in a dossier. Kept on this machine until it is sent. */
export interface Draft {
  mode: "reply" | "note";
  text: string;
  note: string;
  /** Where it goes out; null: not chosen, the conversation of the last message. */
  conversationIds: string[] | null;
  /** The newest entry when the draft was begun: what others answered since is a conflict. */
  sinceSeq: number | null;
  /** Already in the blob store. */
  attachments: Attachment[];
}

/** A command that has been sent and not been confirmed. Sent again with the same id, it takes effect once. */
export interface Outgoing {
  commandId: string;
  dossierId: string;
  command: Extract<Command, { type: "reply" | "add_note" }>;
  at: string;
}

export const EMPTY_DRAFT: Draft = {
  mode: "reply",
  text: "",
  note: "",
  conversationIds: null,
  sinceSeq: null,
  attachments: [],
};

export const EMPTY_REPLY = {
  text: "",
  attachments: [],
  conversationIds: null,
  sinceSeq: null,
} satisfies Partial<Draft>;

/** Drafts and unconfirmed commands of one agent in `localStorage`: they survive a reload, a crash and signing in again. */
export class Drafts {
  private readonly listeners = new Set<() => void>();
  private readonly drafts = new Map<string, Draft>();
  private outgoing: readonly Outgoing[];

  constructor(
    private readonly agentId: string,
    private readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> = localStorage,
  ) {
    this.outgoing = this.read<Outgoing[]>(this.outboxKey()) ?? [];
  }

  /** Another tab of the same agent has written: what it wrote is the draft now. */
  changedElsewhere(key: string | null): void {
    const prefix = this.key("");
    if (!key?.startsWith(prefix)) return;
    this.drafts.delete(key.slice(prefix.length));
    this.changed();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get(dossierId: string): Draft {
    let draft = this.drafts.get(dossierId);
    if (draft === undefined) {
      draft = { ...EMPTY_DRAFT, ...this.read<Draft>(this.key(dossierId)) };
      this.drafts.set(dossierId, draft);
    }
    return draft;
  }

  change(dossierId: string, change: Partial<Draft>): void {
    const draft = { ...this.get(dossierId), ...change };
    this.drafts.set(dossierId, draft);
    if (isEmpty(draft)) this.storage.removeItem(this.key(dossierId));
    else this.write(this.key(dossierId), draft);
    this.changed();
  }

  hasDraft(dossierId: string): boolean {
    return !isEmpty(this.get(dossierId));
  }

  unconfirmed(): readonly Outgoing[] {
    return this.outgoing;
  }

  sending(item: Outgoing): void {
    this.outgoing = [...this.outgoing.filter((other) => other.commandId !== item.commandId), item];
    this.write(this.outboxKey(), this.outgoing);
    this.changed();
  }

  confirmed(commandId: string): void {
    if (!this.outgoing.some((item) => item.commandId === commandId)) return;
    this.outgoing = this.outgoing.filter((item) => item.commandId !== commandId);
    this.write(this.outboxKey(), this.outgoing);
    this.changed();
  }

  private key(dossierId: string): string {
    return `omnifil.draft.${this.agentId}.${dossierId}`;
  }

  private outboxKey(): string {
    return `omnifil.unconfirmed.${this.agentId}`;
  }

  private read<T>(key: string): T | null {
    try {
      return JSON.parse(this.storage.getItem(key) ?? "null") as T | null;
    } catch {
      return null;
    }
  }

  private write(key: string, value: unknown): void {
    try {
      this.storage.setItem(key, JSON.stringify(value));
    } catch {
      // A full storage costs the safety net, not the text on the screen.
    }
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

function isEmpty(draft: Draft): boolean {
  return draft.text.trim() === "" && draft.note.trim() === "" && draft.attachments.length === 0;
}
