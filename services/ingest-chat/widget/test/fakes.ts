// A service, a clock and a store that a test holds in its hands.

import type { Surroundings } from "../src/chat.ts";
import type { Socket } from "../src/line.ts";
import type { Store } from "../src/outbox.ts";
import type { ClientFrame, Entry, ServerFrame, Session, Upload, WidgetSettings } from "../src/protocol.ts";
import type { SessionRequest } from "../src/service.ts";

export const SETTINGS: WidgetSettings = {
  account: "shop",
  title: "Atelier Brume",
  colour: "#7a3b69",
  ask_contact: true,
  max_image_bytes: 1000,
  answer_time_s: null,
};

export function memoryStore(): Store & { keys(): string[] } {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    key: (index) => [...kept.keys()][index] ?? null,
    keys: () => [...kept.keys()],
    get length() {
      return kept.size;
    },
  };
}

/** Time passes only when the test says so. */
export class Clock {
  now_ms = 1_000_000;
  private timers: { id: number; at: number; run: () => void }[] = [];
  private last = 0;

  later = (run: () => void, delay_ms: number): number => {
    this.timers.push({ id: (this.last += 1), at: this.now_ms + delay_ms, run });
    return this.last;
  };
  cancel = (id: unknown): void => {
    this.timers = this.timers.filter((timer) => timer.id !== id);
  };

  async pass(ms: number): Promise<void> {
    const until = this.now_ms + ms;
    for (;;) {
      await settled();
      const next = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.now_ms = Math.max(this.now_ms, next.at);
      this.cancel(next.id);
      next.run();
    }
    this.now_ms = until;
    await settled();
  }
}

export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

export class FakeSocket implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: ClientFrame[] = [];
  isClosed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }
  close(): void {
    this.isClosed = true;
  }
  say(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  die(code = 1006, reason = ""): void {
    this.onclose?.({ code, reason });
  }
  of(type: ClientFrame["type"]): ClientFrame[] {
    return this.sent.filter((frame) => frame.type === type);
  }
}

/** A service that keeps a transcript as the real one does; `answer` decides what becomes of a message. */
export class FakeService {
  readonly clock = new Clock();
  readonly store = memoryStore();
  readonly sockets: FakeSocket[] = [];
  readonly requests: SessionRequest[] = [];
  entries: Entry[] = [];
  conversation_id = "conversation-1";
  refusal: Error | null = null;
  private ids = 0;

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  surroundings(): Surroundings {
    return {
      account: "shop",
      language: "fr",
      store: this.store,
      service: {
        settings: async () => SETTINGS,
        session: async (request) => this.session(request),
        upload: async (): Promise<Upload> => {
          throw new Error("not here");
        },
      },
      connect: () => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket;
      },
      later: this.clock.later,
      cancel: this.clock.cancel,
      random: () => 1,
      now: () => this.clock.now_ms,
      newId: () => `message-${(this.ids += 1)}`,
    };
  }

  /** Open the newest socket, hear its hello, and bring it up to date. */
  async accept(): Promise<FakeSocket> {
    await settled();
    const { socket } = this;
    socket.onopen?.(undefined as never);
    const hello = socket.sent[0];
    if (hello?.type !== "hello") throw new Error("no hello");
    const after = hello.after;
    socket.say({ type: "hello", conversation_id: this.conversation_id, last_seq: this.entries.length, read_seq: 0, reset: false });
    const news = this.entries.filter(({ seq }) => after === null || seq > after);
    if (news.length > 0) socket.say({ type: "entries", entries: news, earlier: false });
    socket.say({ type: "live" });
    await settled();
    return socket;
  }

  /** Take a message as the service does: once, however often it comes. Tells nobody. */
  take(frame: ClientFrame): Entry {
    if (frame.type !== "send") throw new Error("not a message");
    const known = this.entries.find((entry) => entry.client_message_id === frame.client_message_id);
    return known ?? this.add({ author: "visitor", text: frame.text, state: "accepted", client_message_id: frame.client_message_id });
  }

  add(entry: Partial<Entry>): Entry {
    const seq = this.entries.length + 1;
    const whole: Entry = {
      seq,
      id: entry.client_message_id ?? `entry-${seq}`,
      author: "agent",
      name: entry.author === "visitor" ? null : "Amélie",
      text: "",
      attachments: [],
      at: new Date(this.clock.now_ms).toISOString(),
      state: "sent",
      ...entry,
    };
    this.entries.push(whole);
    return whole;
  }

  private session(request: SessionRequest): Session {
    this.requests.push(request);
    if (this.refusal) throw this.refusal;
    const signed = request.identity_token !== null;
    return {
      session_token: signed ? "signed-session" : (request.session_token ?? `session-${this.requests.length}`),
      expires_at: "2030-01-01T00:00:00Z",
      conversation_id: this.conversation_id,
      last_seq: this.entries.length,
      unread: this.entries.filter(({ author, state }) => author === "agent" && state !== "read").length,
      visitor: { signed, name: null, has_email: false },
      widget: SETTINGS,
    };
  }
}
