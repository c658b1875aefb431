// The line to the service: it connects, says hello, notices when it is dead, and comes back after growing pauses.

import type { ClientFrame, ServerFrame } from "./protocol.ts";

export type LineState =
  | { readonly kind: "off" }
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "waiting"; readonly attempt: number }
  | { readonly kind: "refused"; readonly code: string };

/** The part of WebSocket that is used. */
export interface Socket {
  send(text: string): void;
  close(code?: number): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
}

export interface Surroundings {
  connect(): Socket;
  later(run: () => void, delay_ms: number): unknown;
  cancel(timer: unknown): void;
  random(): number;
}

export interface Listener {
  /** What to say first; it may have to fetch a session. Throws `Refused` when trying again is of no use. */
  hello(): Promise<ClientFrame>;
  onFrame(frame: ServerFrame): void;
  onState(state: LineState): void;
  /** The session is no good (any more): get another for the next hello. */
  onSessionRefused(code: string): void;
}

export class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const PING_EVERY_MS = 20_000;
const ANSWER_WITHIN_MS = 10_000;
const SESSION_REFUSED = 4401;
const ORIGIN_REFUSED = 4403;
const TOO_MUCH = 4429;

/** Growing, and spread out, so that a thousand pages do not come back in the same moment. */
export function pause_ms(attempt: number, random: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, attempt - 1));
  return longest * (0.5 + random / 2);
}

export class Line {
  state: LineState = { kind: "off" };
  private readonly around: Surroundings;
  private readonly listener: Listener;
  private socket: Socket | null = null;
  private attempt = 0;
  private generation = 0;
  private retryTimer: unknown;
  private watchTimer: unknown;
  private awaiting = false;

  constructor(around: Surroundings, listener: Listener) {
    this.around = around;
    this.listener = listener;
  }

  start(): void {
    if (this.state.kind === "off" || this.state.kind === "refused") void this.connect();
  }

  stop(): void {
    this.abandon();
    this.attempt = 0;
    this.become({ kind: "off" });
  }

  /** Something has changed for the better (the network is back, the page is looked at): do not wait any longer. */
  nudge(): void {
    if (this.state.kind === "waiting") void this.connect();
    else if (this.state.kind === "live") this.ping();
  }

  /** The line is known to be dead, or suspected: begin anew. */
  drop(): void {
    if (this.state.kind === "live" || this.state.kind === "connecting") this.lost(TOO_MUCH - 1, "dropped");
  }

  /** Say hello once more, with the session as it is now. */
  renew(): void {
    if (this.state.kind !== "off") void this.connect();
  }

  /** Whether it went out. Only when live: what is sent before the resume might be there already. */
  send(frame: ClientFrame): boolean {
    if (this.state.kind !== "live" || this.socket === null) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  private async connect(): Promise<void> {
    this.abandon();
    const mine = this.generation;
    this.become({ kind: "connecting" });
    let hello: ClientFrame;
    try {
      hello = await this.listener.hello();
    } catch (error) {
      if (mine !== this.generation) return;
      if (error instanceof Refused) this.become({ kind: "refused", code: error.code });
      else this.lost(0, "");
      return;
    }
    if (mine !== this.generation) return;
    const socket = this.around.connect();
    this.socket = socket;
    this.watch(ANSWER_WITHIN_MS);
    socket.onopen = () => socket.send(JSON.stringify(hello));
    socket.onmessage = ({ data }) => {
      if (mine === this.generation) this.hear(String(data));
    };
    socket.onclose = ({ code, reason }) => {
      if (mine === this.generation) this.lost(code, reason);
    };
  }

  private hear(text: string): void {
    const frame = JSON.parse(text) as ServerFrame;
    this.awaiting = false;
    this.watch(PING_EVERY_MS);
    this.listener.onFrame(frame);
    if (frame.type === "live") {
      this.attempt = 0;
      this.become({ kind: "live" });
    }
  }

  /** A dead line is silent: browsers do not tell. So we ask when nothing was heard, and end it when nobody answers. */
  private watch(delay_ms: number): void {
    this.around.cancel(this.watchTimer);
    this.watchTimer = this.around.later(() => {
      if (this.awaiting || this.state.kind !== "live") this.lost(0, "silent");
      else this.ping();
    }, delay_ms);
  }

  private ping(): void {
    if (this.send({ type: "ping" })) {
      this.awaiting = true;
      this.watch(ANSWER_WITHIN_MS);
    }
  }

  private lost(code: number, reason: string): void {
    this.abandon();
    if (code === ORIGIN_REFUSED) {
      this.become({ kind: "refused", code: reason || "origin-not-allowed" });
      return;
    }
    if (code === SESSION_REFUSED) this.listener.onSessionRefused(reason);
    this.attempt += code === TOO_MUCH ? 3 : 1;
    this.retryTimer = this.around.later(() => void this.connect(), pause_ms(this.attempt, this.around.random()));
    this.become({ kind: "waiting", attempt: this.attempt });
  }

  private abandon(): void {
    this.generation += 1;
    this.awaiting = false;
    this.around.cancel(this.retryTimer);
    this.around.cancel(this.watchTimer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private become(state: LineState): void {
    this.state = state;
    this.listener.onState(state);
  }
}
