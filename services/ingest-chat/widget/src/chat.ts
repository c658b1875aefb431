// One visitor's chat on this page: session, line, transcript and outbox together. It knows no DOM.

import { type Conversation, fold, lastSeq, NOTHING, resumeAfter, unreadCount, unseenUpTo } from "./conversation.ts";
import { Line, type LineState, Refused, type Socket } from "./line.ts";
import { Outbox, type Outgoing, type Store } from "./outbox.ts";
import type { ClientFrame, ServerFrame, Session, Upload, WidgetSettings } from "./protocol.ts";
import type { SessionRequest } from "./service.ts";

export interface ChatState {
  readonly conversation: Conversation;
  readonly outgoing: readonly Outgoing[];
  readonly line: LineState;
  readonly settings: WidgetSettings | null;
  readonly visitor: Session["visitor"] | null;
  /** The agent who is typing; null: nobody. */
  readonly typing: { readonly name: string | null } | null;
  readonly unread: number;
}

export interface Surroundings {
  readonly account: string;
  readonly language: string;
  readonly store: Store;
  readonly service: {
    settings(): Promise<WidgetSettings>;
    session(request: SessionRequest): Promise<Session>;
    upload(image: Blob, filename: string, session_token: string): Promise<Upload>;
  };
  connect(): Socket;
  later(run: () => void, delay_ms: number): unknown;
  cancel(timer: unknown): void;
  random(): number;
  now(): number;
  newId(): string;
}

const ACCEPTED_WITHIN_MS = 30_000;
const TYPING_HOLDS_MS = 12_000;
const TYPING_EVERY_MS = 3_000;
const ANONYMOUS = "anon";

export class Chat {
  private readonly around: Surroundings;
  private readonly changed: () => void;
  private readonly line: Line;
  private identityToken: string | null;
  private session: Session | null = null;
  private fetching: Promise<Session> | null = null;
  private settings: WidgetSettings | null = null;
  private outbox: Outbox;
  private conversation = NOTHING;
  private typing: { name: string | null } | null = null;
  private typingTimer: unknown;
  private inFlight: string | null = null;
  private sendTimer: unknown;
  private told = { delivered: 0, read: 0 };
  private typedAt = -Infinity;
  private epoch = 0;

  constructor(around: Surroundings, identityToken: string | null, changed: () => void) {
    this.around = around;
    this.identityToken = identityToken;
    this.changed = changed;
    this.outbox = new Outbox(around.store, around.account, this.scope);
    this.line = new Line(around, {
      hello: () => this.hello(),
      onFrame: (frame) => this.hear(frame),
      onState: (state) => this.lineIs(state),
      onSessionRefused: () => (this.session = null),
    });
  }

  get state(): ChatState {
    const isFresh = this.conversation.entries.length === 0;
    return {
      conversation: this.conversation,
      outgoing: this.outbox.messages,
      line: this.line.state,
      settings: this.settings,
      visitor: this.session?.visitor ?? null,
      typing: this.typing,
      unread: isFresh ? (this.session?.unread ?? 0) : unreadCount(this.conversation),
    };
  }

  /** Whose drafts and unsent messages these are. */
  get scope(): string {
    return this.identityToken === null ? ANONYMOUS : `s:${subjectOf(this.identityToken)}`;
  }

  /** On page load: go on with a conversation that there is; without one, stay quiet until somebody opens the panel. */
  async begin(): Promise<void> {
    const epoch = this.epoch;
    try {
      if (this.identityToken === null && this.stored() === null) this.settings = await this.around.service.settings();
      else await this.fetchSession();
    } catch {
      // Why is said in the panel, when somebody opens it and it still fails.
      this.settings ??= await this.around.service.settings().catch(() => null);
    }
    if (epoch !== this.epoch) return;
    if ((this.session?.last_seq ?? 0) > 0 || this.outbox.next) this.line.start();
    this.changed();
  }

  /** Somebody looks at it. */
  open(): void {
    this.line.start();
  }

  /** The network is back, or the page is looked at again. */
  nudge(): void {
    this.line.nudge();
  }

  /** The network is gone, says the browser. */
  offline(): void {
    this.line.drop();
  }

  /** Another window has changed what is stored. */
  storeChanged(key: string | null): void {
    if (key !== null && !this.outbox.owns(key)) return;
    this.outbox.reload();
    this.outbox.settle(this.conversation);
    this.pump();
    this.changed();
  }

  send(text: string, attachments: readonly Upload[]): void {
    this.outbox.put({ id: this.around.newId(), text, attachments, at: this.around.now() });
    this.typedAt = -Infinity;
    this.line.start();
    this.pump();
    this.changed();
  }

  retry(id: string): void {
    this.outbox.retry(id);
    this.line.start();
    this.pump();
    this.changed();
  }

  discard(id: string): void {
    this.outbox.remove(id);
    this.changed();
  }

  async upload(image: Blob, filename: string): Promise<Upload> {
    const session = this.session ?? (await this.fetchSession());
    if (image.size > session.widget.max_image_bytes) throw new Refused("too-large");
    return this.around.service.upload(image, filename, session.session_token);
  }

  earlier(): void {
    const first = this.conversation.entries[0];
    if (first && first.seq > 1) this.line.send({ type: "earlier", before: first.seq });
  }

  type(isTyping: boolean): void {
    const now = this.around.now();
    if (isTyping ? now - this.typedAt < TYPING_EVERY_MS : this.typedAt === -Infinity) return;
    if (this.line.send({ type: "typing", active: isTyping })) this.typedAt = isTyping ? now : -Infinity;
  }

  /** The visitor sees the end of the conversation now. */
  seen(): void {
    this.tell("read");
  }

  /** Keep what the visitor typed of themselves; true: the next message carries it, false: they should say it. */
  async introduce(name: string, email: string): Promise<boolean> {
    await this.fetchSession({ name, email });
    const isFirst = this.conversation.entries.length === 0 && !this.outbox.next;
    this.line.renew();
    this.changed();
    return isFirst;
  }

  /** The host site says who is signed in now; null: nobody. Another person never sees what this one saw. */
  identify(identityToken: string | null): void {
    const before = this.scope;
    this.identityToken = identityToken;
    if (this.scope === before) return;
    this.epoch += 1;
    this.line.stop();
    this.session = null;
    this.fetching = null;
    this.conversation = NOTHING;
    this.typing = null;
    this.outbox = new Outbox(this.around.store, this.around.account, this.scope);
    this.changed();
    void this.begin();
  }

  private async hello(): Promise<ClientFrame> {
    const session = this.session ?? (await this.fetchSession());
    const after = resumeAfter(this.conversation);
    return { type: "hello", session: session.session_token, after, language: this.around.language };
  }

  /** One at a time: two at once would make two visitors of one. */
  private fetchSession(claimed?: SessionRequest["claimed"]): Promise<Session> {
    if (this.fetching && !claimed) return this.fetching;
    const fetching = this.freshSession(claimed).finally(() => {
      if (this.fetching === fetching) this.fetching = null;
    });
    return (this.fetching = fetching);
  }

  private async freshSession(claimed?: SessionRequest["claimed"]): Promise<Session> {
    const { epoch, identityToken } = this;
    const asked = { identity_token: identityToken, ...(claimed && { claimed }) };
    const known = identityToken === null ? this.stored() : (this.session?.session_token ?? null);
    let session: Session;
    try {
      session = await this.around.service.session({ ...asked, session_token: known });
    } catch (error) {
      if (!(error instanceof Refused && error.code.startsWith("session-"))) throw error;
      // What we kept is no good any more: begin anew, as a browser that is not known.
      session = await this.around.service.session({ ...asked, session_token: null });
    }
    if (epoch !== this.epoch) throw new Error("somebody else is signed in by now");
    // Another window of a browser that was not known got a session in the meantime: then we are that visitor.
    if (identityToken === null && known === null && this.stored() !== null) return this.freshSession(claimed);
    if (this.session && this.session.conversation_id !== session.conversation_id) this.conversation = NOTHING;
    this.session = session;
    this.settings = session.widget;
    // A signed session is never stored: who signs out, or leaves, takes it along.
    if (identityToken === null) this.keep(session.session_token);
    this.changed();
    return session;
  }

  private hear(frame: ServerFrame): void {
    const known = lastSeq(this.conversation);
    this.conversation = fold(this.conversation, frame);
    switch (frame.type) {
      case "hello":
        this.told = { delivered: 0, read: 0 };
        break;
      case "entries":
        if (frame.entries.some(({ author, seq }) => author === "agent" && seq > known)) this.agentTypes(null);
        this.arrived();
        break;
      case "accepted":
        this.arrived();
        break;
      case "error":
        if (frame.client_message_id !== undefined) this.notAccepted(frame.client_message_id, frame);
        break;
      case "typing":
        this.agentTypes(frame.active ? { name: frame.name } : null);
        break;
    }
    this.changed();
  }

  private arrived(): void {
    this.outbox.settle(this.conversation);
    if (this.inFlight !== null && !this.outbox.messages.some(({ id }) => id === this.inFlight)) this.landed();
    this.pump();
    this.tell("delivered");
  }

  private notAccepted(id: string, error: { code: string; retry: boolean; retry_after_s?: number }): void {
    if (this.inFlight === id) this.landed();
    if (error.retry) {
      this.around.cancel(this.sendTimer);
      this.sendTimer = this.around.later(() => this.pump(), (error.retry_after_s ?? 2) * 1000);
    } else {
      this.outbox.refuse(id, error.code);
      this.pump();
    }
  }

  private lineIs(state: LineState): void {
    if (state.kind !== "live") {
      this.landed();
      this.agentTypes(null);
      this.typedAt = -Infinity;
    } else {
      this.pump();
      this.tell("delivered");
    }
    this.changed();
  }

  private landed(): void {
    this.inFlight = null;
    this.around.cancel(this.sendTimer);
  }

  private pump(): void {
    const next = this.outbox.next;
    if (this.inFlight !== null || next === undefined) return;
    const attachments = next.attachments.map(({ id }) => id);
    if (!this.line.send({ type: "send", client_message_id: next.id, text: next.text, attachments })) return;
    this.inFlight = next.id;
    this.around.cancel(this.sendTimer);
    this.sendTimer = this.around.later(() => this.line.drop(), ACCEPTED_WITHIN_MS);
  }

  private tell(seen: "delivered" | "read"): void {
    const seq = unseenUpTo(this.conversation, seen);
    if (seq <= this.told[seen] || seq > lastSeq(this.conversation)) return;
    if (!this.line.send({ type: seen, seq })) return;
    this.told[seen] = seq;
    if (seen === "read") this.told.delivered = Math.max(this.told.delivered, seq);
  }

  private agentTypes(typing: { name: string | null } | null): void {
    this.around.cancel(this.typingTimer);
    this.typing = typing;
    if (typing) this.typingTimer = this.around.later(() => (this.agentTypes(null), this.changed()), TYPING_HOLDS_MS);
  }

  private get sessionKey(): string {
    return `omnifil.${this.around.account}.session`;
  }

  private stored(): string | null {
    try {
      return this.around.store.getItem(this.sessionKey);
    } catch {
      return this.session?.session_token ?? null;
    }
  }

  private keep(session_token: string): void {
    try {
      this.around.store.setItem(this.sessionKey, session_token);
    } catch {
      return;
    }
  }
}

/** The `sub` of a JWT, unverified: only to keep apart what is stored here. The service is who verifies. */
function subjectOf(token: string): string {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    return String((JSON.parse(atob(payload)) as { sub?: unknown }).sub);
  } catch {
    return "unreadable";
  }
}
