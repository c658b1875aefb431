import type { StreamMessage } from "../contracts/generated";
import { complete } from "../fold";

export type Connection =
  | { state: "connecting" }
  | { state: "catching-up"; remaining: number }
  | { state: "live" }
  | { state: "offline"; since: number; attempt: number }
  | { state: "signed-out"; reason: string };

/** The part of `WebSocket` that is used, so that tests can play the server. */
export interface Socket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
}

export interface StreamOptions {
  connect: () => Socket;
  token: () => string | null;
  onMessage: (message: StreamMessage) => void;
  onConnection: (connection: Connection) => void;
  /** The cursor cannot be continued: fetch snapshots again, then call `resume` with theirs. */
  onReset: (reason: string) => void;
  now?: () => number;
  random?: () => number;
}

const SILENCE_MS = 50_000; // The server pings every 20 s.
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15_000;
/** The token has ended or is not taken; the account is no agent's. Trying again would change nothing. */
const REFUSED = [4401, 4403];
/** The server does not understand what we said: the cursor is not one of its own (any more). */
const POLICY = 1008;

/** One live connection that comes back by itself, always where it stopped: it hands on every message, keeps the cursor. */
export class Stream {
  private socket: Socket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private remaining = 0;
  private offlineSince: number | null = null;
  private stopped = true;
  connection: Connection = { state: "connecting" };

  constructor(
    private readonly options: StreamOptions,
    public cursor: string | null = null,
  ) {}

  start(cursor: string | null): void {
    this.cursor = cursor;
    this.stopped = false;
    this.open();
  }

  /** Continue from a new cursor, after a reset or with a new token. */
  resume(cursor: string | null = this.cursor): void {
    this.drop();
    this.attempt = 0;
    this.start(cursor);
  }

  stop(): void {
    this.stopped = true;
    this.drop();
  }

  /** Use a renewed token on the open connection. */
  renew(token: string): void {
    if (this.connection.state === "signed-out") this.resume();
    else this.socket?.send(JSON.stringify({ type: "token", token }));
  }

  /** The browser knows better than a timer: the network went away, or came back. */
  networkChanged(online: boolean): void {
    if (this.stopped || this.connection.state === "signed-out") return;
    if (!online) {
      this.drop();
      this.wait();
    } else if (this.connection.state === "offline") {
      this.drop();
      this.attempt = 0;
      this.open();
    }
  }

  private open(): void {
    const token = this.options.token();
    if (token === null) {
      this.become({ state: "signed-out", reason: "token-expired" });
      return;
    }
    if (this.offlineSince === null) this.become({ state: "connecting" });
    const socket = this.options.connect();
    this.socket = socket;
    this.listen();
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token, cursor: this.cursor }));
    socket.onmessage = (event) => {
      if (this.socket === socket) this.received(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.drop();
      if (this.stopped) return;
      if (REFUSED.includes(event.code)) {
        this.become({ state: "signed-out", reason: event.reason || "token-invalid" });
      } else if (event.code === POLICY && this.cursor !== null) {
        this.cursor = null;
        this.become({ state: "connecting" });
        this.options.onReset(event.reason);
      } else {
        this.wait();
      }
    };
  }

  private received(data: unknown): void {
    this.listen();
    const message = complete<StreamMessage>("StreamMessage", JSON.parse(String(data)));
    switch (message.type) {
      case "hello":
        this.attempt = 0;
        this.offlineSince = null;
        this.remaining = message.behind;
        this.become({ state: "catching-up", remaining: this.remaining });
        return;
      case "events":
        this.options.onMessage(message);
        this.cursor = message.cursor;
        if (this.connection.state === "catching-up") {
          this.remaining = Math.max(0, this.remaining - message.events.length);
          this.become({ state: "catching-up", remaining: this.remaining });
        }
        return;
      case "live":
        this.become({ state: "live" });
        return;
      case "ping":
        this.socket?.send(JSON.stringify({ type: "pong" }));
        return;
      case "reset":
        this.drop();
        this.become({ state: "connecting" });
        this.options.onReset(message.reason);
        return;
      default:
        this.options.onMessage(message);
    }
  }

  /** A connection on which nothing comes is none: TCP may not notice for minutes. */
  private listen(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      this.drop();
      this.wait();
    }, SILENCE_MS);
  }

  private wait(): void {
    const now = (this.options.now ?? Date.now)();
    this.offlineSince ??= now;
    this.attempt += 1;
    this.become({ state: "offline", since: this.offlineSince, attempt: this.attempt });
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.attempt - 1));
    const jitter = 0.75 + (this.options.random ?? Math.random)() / 2;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), pause * jitter);
  }

  private drop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    const socket = this.socket;
    this.socket = null;
    if (socket !== null) {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close(1000);
    }
  }

  private become(connection: Connection): void {
    this.connection = connection;
    this.options.onConnection(connection);
  }
}
