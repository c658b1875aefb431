import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stream, type Connection, type Socket } from "../../src/live/stream";

/** The server's end of a connection. */
class Wire implements Socket {
  sent: Record<string, unknown>[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  send = (text: string) => void this.sent.push(JSON.parse(text) as Record<string, unknown>);
  close = () => void (this.closed = true);
  says = (message: object) => this.onmessage?.({ data: JSON.stringify(message) });
  ends = (code: number, reason = "") => this.onclose?.({ code, reason });
}

function newStream(token: () => string | null = () => "token") {
  const wires: Wire[] = [];
  const states: Connection[] = [];
  const messages: string[] = [];
  const resets: string[] = [];
  const stream = new Stream({
    connect: () => {
      wires.push(new Wire());
      return wires.at(-1)!;
    },
    token,
    onMessage: (message) => messages.push(message.type),
    onConnection: (state) => states.push(state),
    onReset: (reason) => resets.push(reason),
    random: () => 0.5,
  });
  return { stream, wires, states, messages, resets };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("says hello with token and cursor, counts what it catches up with, goes live", () => {
  const { stream, wires, states, messages } = newStream();
  stream.start("c0");
  wires[0]!.onopen?.();
  expect(wires[0]!.sent).toEqual([{ type: "hello", token: "token", cursor: "c0" }]);
  wires[0]!.says({ type: "hello", behind: 2 });
  wires[0]!.says({ type: "events", cursor: "c1", events: [{ dossier_id: "d", entry: {} }] });
  expect(states.at(-1)).toEqual({ state: "catching-up", remaining: 1 });
  wires[0]!.says({ type: "live" });
  expect(states.at(-1)).toEqual({ state: "live" });
  expect(messages).toEqual(["events"]);
  wires[0]!.says({ type: "ping" });
  expect(wires[0]!.sent.at(-1)).toEqual({ type: "pong" });
});

test("comes back with the cursor behind the last message, after growing pauses", () => {
  const { stream, wires, states } = newStream();
  stream.start("c0");
  wires[0]!.says({ type: "events", cursor: "c7", events: [] });
  wires[0]!.ends(1006);
  expect(states.at(-1)).toMatchObject({ state: "offline", attempt: 1 });
  vi.advanceTimersByTime(400);
  wires[1]!.ends(1006);
  vi.advanceTimersByTime(400);
  expect(wires).toHaveLength(2);
  vi.advanceTimersByTime(400);
  wires[2]!.onopen?.();
  expect(wires[2]!.sent[0]).toMatchObject({ cursor: "c7" });
});

test("a token that has ended is not tried again; signing in goes on where it stopped", () => {
  const { stream, wires, states } = newStream();
  stream.start("c0");
  wires[0]!.says({ type: "events", cursor: "c3", events: [] });
  wires[0]!.ends(4401, "token-expired");
  expect(states.at(-1)).toEqual({ state: "signed-out", reason: "token-expired" });
  vi.advanceTimersByTime(60_000);
  expect(wires).toHaveLength(1);
  stream.renew("new");
  wires[1]!.onopen?.();
  expect(wires[1]!.sent[0]).toMatchObject({ cursor: "c3" });
});

test("an agent without the role is told so", () => {
  const { stream, wires, states } = newStream();
  stream.start(null);
  wires[0]!.ends(4403, "not-an-agent");
  expect(states.at(-1)).toEqual({ state: "signed-out", reason: "not-an-agent" });
});

test("a cursor that cannot be continued asks for snapshots, and does not come back by itself", () => {
  const { stream, wires, resets } = newStream();
  stream.start("c0");
  wires[0]!.says({ type: "reset", reason: "too old" });
  vi.advanceTimersByTime(60_000);
  expect([resets, wires.length]).toEqual([["too old"], 1]);
  stream.resume("c9");
  wires[1]!.onopen?.();
  expect(wires[1]!.sent[0]).toMatchObject({ cursor: "c9" });
});

test("a connection on which nothing comes is given up", () => {
  const { stream, wires, states } = newStream();
  stream.start("c0");
  wires[0]!.says({ type: "live" });
  vi.advanceTimersByTime(50_000);
  expect(wires[0]!.closed).toBe(true);
  expect(states.at(-1)).toMatchObject({ state: "offline" });
});

test("the browser's word about the network is taken at once, both ways", () => {
  const { stream, wires, states } = newStream();
  stream.start("c0");
  stream.networkChanged(false);
  expect(states.at(-1)).toMatchObject({ state: "offline" });
  stream.networkChanged(true);
  expect(wires).toHaveLength(2);
});
