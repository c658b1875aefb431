// What the visitor has sent and the service has not accepted yet. It survives reloads, and windows share it: each
// message has a key of its own in localStorage, so that two windows never overwrite each other's.

import type { Conversation } from "./conversation.ts";
import type { Attachment } from "./protocol.ts";

export interface Outgoing {
  readonly id: string;
  readonly text: string;
  /** Upload ids, with what it takes to show the images meanwhile. */
  readonly attachments: readonly (Attachment & { readonly id: string })[];
  /** Milliseconds of this browser's clock; only for their order and for show. */
  readonly at: number;
  /** Why the service will never take it as it is. */
  readonly refused?: string;
}

/** The part of Storage that is used; private windows may have none that works. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

export class Outbox {
  private readonly store: Store;
  private readonly prefix: string;
  private readonly memory = new Map<string, Outgoing>();

  /** `scope` says whose messages these are: a person never gets to send what another left behind. */
  constructor(store: Store, account: string, scope: string) {
    this.store = store;
    this.prefix = `omnifil.${account}.out.${scope}.`;
    this.reload();
  }

  /** In the order in which they were written. */
  get messages(): readonly Outgoing[] {
    return [...this.memory.values()].sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
  }

  /** The one that is to be sent next: one at a time, which is how they keep their order. */
  get next(): Outgoing | undefined {
    return this.messages.find((message) => message.refused === undefined);
  }

  put(message: Outgoing): void {
    this.memory.set(message.id, message);
    try {
      this.store.setItem(this.prefix + message.id, JSON.stringify(message));
    } catch {
      // Full or forbidden: it is still sent, only a reload would forget it.
    }
  }

  remove(id: string): void {
    if (!this.memory.delete(id)) return;
    try {
      this.store.removeItem(this.prefix + id);
    } catch {
      return;
    }
  }

  refuse(id: string, code: string): void {
    const message = this.memory.get(id);
    if (message) this.put({ ...message, refused: code });
  }

  /** Send it once more, under the same id: should it have arrived after all, nothing is doubled. */
  retry(id: string): void {
    const message = this.memory.get(id);
    if (!message) return;
    const { refused: _, ...again } = message;
    this.put(again);
  }

  /** What is in the transcript as accepted has arrived, whether or not we heard so at the time. */
  settle(conversation: Conversation): void {
    for (const { client_message_id: id, state } of conversation.entries) {
      if (id !== undefined && state !== "pending") this.remove(id);
    }
  }

  owns(key: string | null): boolean {
    return key?.startsWith(this.prefix) ?? false;
  }

  /** Take over what other windows have written or seen accepted meanwhile. */
  reload(): void {
    try {
      const found = new Map<string, Outgoing>();
      for (let index = 0; index < this.store.length; index += 1) {
        const key = this.store.key(index);
        if (key === null || !this.owns(key)) continue;
        const message = parsed(this.store.getItem(key));
        if (message) found.set(message.id, message);
      }
      this.memory.clear();
      for (const [id, message] of found) this.memory.set(id, message);
    } catch {
      return;
    }
  }
}

function parsed(text: string | null): Outgoing | null {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    const message = value as Outgoing;
    return typeof message?.id === "string" && typeof message.text === "string" && Array.isArray(message.attachments)
      ? message
      : null;
  } catch {
    return null;
  }
}
