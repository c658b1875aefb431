import assert from "node:assert/strict";
import { test } from "node:test";

import { Chat } from "../src/chat.ts";
import { pause_ms, Refused } from "../src/line.ts";
import { FakeService } from "./fakes.ts";

const token = (sub: string): string => `e30.${btoa(JSON.stringify({ sub }))}.x`;

async function started(service = new FakeService(), identity: string | null = null) {
  const chat = new Chat(service.surroundings(), identity, () => undefined);
  await chat.begin();
  chat.open();
  await service.accept();
  return { service, chat };
}

const outgoing = (chat: Chat): string[] => chat.state.outgoing.map(({ text }) => text);
const whoTypes = (chat: Chat): string | null | undefined => chat.state.typing?.name;
const said = (chat: Chat): string[] => chat.state.conversation.entries.map(({ text }) => text);

test("nothing connects until somebody looks, or there is something to go on with", async () => {
  const service = new FakeService();
  const chat = new Chat(service.surroundings(), null, () => undefined);
  await chat.begin();
  assert.equal(service.requests.length + service.sockets.length, 0);
  assert.equal(chat.state.settings?.title, "Atelier Brume");
});

test("a message is on its way until the service has it, and then in the transcript once", async () => {
  const { service, chat } = await started();
  chat.send("Hello", []);
  const [frame] = service.socket.of("send");
  assert.deepEqual(outgoing(chat), ["Hello"]);
  const entry = service.take(frame!);
  service.socket.say({ type: "accepted", client_message_id: "message-1", entry });
  assert.deepEqual([outgoing(chat), said(chat)], [[], ["Hello"]]);
});

test("messages go one at a time, in their order", async () => {
  const { service, chat } = await started();
  for (const text of ["one", "two", "three"]) chat.send(text, []);
  for (const expected of [1, 2, 3]) {
    const sent = service.socket.of("send");
    assert.equal(sent.length, expected);
    const frame = sent.at(-1)!;
    service.socket.say({ type: "accepted", client_message_id: `message-${expected}`, entry: service.take(frame) });
  }
  assert.deepEqual(said(chat), ["one", "two", "three"]);
});

test("an accepted that got lost is learnt from the transcript, and nothing is sent twice", async () => {
  const { service, chat } = await started();
  chat.send("Hello", []);
  service.take(service.socket.of("send")[0]!);
  service.socket.die();
  assert.deepEqual(outgoing(chat), ["Hello"]);
  await service.clock.pass(600);
  const again = await service.accept();
  assert.deepEqual([outgoing(chat), said(chat), again.of("send")], [[], ["Hello"], []]);
});

test("what did not arrive is sent again under the same id, after the resume", async () => {
  const { service, chat } = await started();
  chat.send("Hello", []);
  service.socket.die();
  await service.clock.pass(600);
  assert.deepEqual(service.socket.of("send"), []);
  const again = await service.accept();
  assert.equal(again.of("send").length, 1);
  service.take(again.of("send")[0]!);
  assert.equal(service.entries[0]?.client_message_id, "message-1");
  assert.deepEqual(outgoing(chat), ["Hello"]);
});

test("a reload loses nothing that was not accepted", async () => {
  const { service, chat } = await started();
  chat.send("Hello", []);
  const reloaded = new Chat(service.surroundings(), null, () => undefined);
  assert.deepEqual(outgoing(reloaded), ["Hello"]);
  await reloaded.begin();
  const socket = await service.accept();
  assert.deepEqual(socket.of("send").map((frame) => "text" in frame && frame.text), ["Hello"]);
});

test("it resumes after what it has, and gets what was said meanwhile once", async () => {
  const { service, chat } = await started();
  service.socket.say({ type: "entries", entries: [service.add({ text: "one" })] });
  service.socket.die();
  service.add({ text: "two" });
  await service.clock.pass(600);
  const again = await service.accept();
  assert.deepEqual(again.sent[0], { type: "hello", session: "session-1", after: 1, language: "fr" });
  assert.deepEqual(said(chat), ["one", "two"]);
});

test("it comes back after growing pauses, and at once when the network does", async () => {
  assert.deepEqual([1, 2, 3, 4, 20].map((attempt) => pause_ms(attempt, 1)), [500, 1000, 2000, 4000, 30_000]);
  assert.equal(pause_ms(3, 0), 1000);
  const { service, chat } = await started();
  for (const expected of [2, 3, 4]) {
    service.socket.die();
    await service.clock.pass(pause_ms(expected - 1, 1));
    assert.equal(service.sockets.length, expected);
  }
  service.socket.die();
  assert.equal(chat.state.line.kind, "waiting");
  chat.nudge();
  await service.accept();
  assert.equal(chat.state.line.kind, "live");
});

test("a silent line is found out and replaced", async () => {
  const { service, chat } = await started();
  const dead = service.socket;
  await service.clock.pass(20_000);
  assert.equal(dead.of("ping").length, 1);
  await service.clock.pass(10_000);
  assert.ok(dead.isClosed);
  assert.equal(chat.state.line.kind, "waiting");
  await service.clock.pass(500);
  await service.accept();
  await service.clock.pass(20_000);
  service.socket.say({ type: "pong" });
  await service.clock.pass(15_000);
  assert.equal(chat.state.line.kind, "live");
});

test("a message that is never answered is tried on another line", async () => {
  const { service, chat } = await started();
  chat.send("Hello", []);
  for (let second = 0; second < 31; second += 1) {
    await service.clock.pass(1000);
    if (service.sockets.length === 1) service.socket.say({ type: "pong" });
  }
  await service.accept();
  assert.equal(service.sockets.length, 2);
  assert.equal(service.socket.of("send").length, 1);
  assert.deepEqual(outgoing(chat), ["Hello"]);
});

test("what can be tried again is, what cannot says why and lets the next pass", async () => {
  const { service, chat } = await started();
  chat.send("one", []);
  chat.send("two", []);
  const error = { type: "error", detail: "", client_message_id: "message-1" } as const;
  service.socket.say({ ...error, code: "rate-limited", retry: true, retry_after_s: 3 });
  await service.clock.pass(2900);
  assert.equal(service.socket.of("send").length, 1);
  await service.clock.pass(200);
  assert.equal(service.socket.of("send").length, 2);
  service.socket.say({ ...error, code: "text-too-long", retry: false });
  assert.equal(chat.state.outgoing[0]?.refused, "text-too-long");
  assert.equal(service.socket.of("send").length, 3);
  chat.discard("message-1");
  assert.deepEqual(outgoing(chat), ["two"]);
});

test("the visitor's browser says once what it has, and what was seen", async () => {
  const { service, chat } = await started();
  const first = service.add({ text: "one" });
  service.socket.say({ type: "entries", entries: [first] });
  service.socket.say({ type: "entries", entries: [first] });
  assert.deepEqual(service.socket.of("delivered"), [{ type: "delivered", seq: 1 }]);
  assert.equal(chat.state.unread, 1);
  chat.seen();
  chat.seen();
  assert.deepEqual(service.socket.of("read"), [{ type: "read", seq: 1 }]);
  service.socket.say({ type: "entries", entries: [{ ...first, state: "read" }] });
  assert.equal(chat.state.unread, 0);
});

test("an agent who types stops when the reply is there, or nothing is heard any more", async () => {
  const { service, chat } = await started();
  service.socket.say({ type: "typing", active: true, name: "Amélie" });
  assert.equal(chat.state.typing?.name, "Amélie");
  const reply = service.add({ text: "one" });
  service.socket.say({ type: "entries", entries: [reply] });
  assert.equal(chat.state.typing, null);
  service.socket.say({ type: "typing", active: true, name: "Amélie" });
  service.socket.say({ type: "entries", entries: [{ ...reply, state: "read" }] });
  assert.deepEqual(whoTypes(chat), "Amélie", "news of an old entry is no reply");
  await service.clock.pass(12_000);
  assert.equal(chat.state.typing, null);
});

test("another person at the same browser sees nothing of the first", async () => {
  const { service, chat } = await started(new FakeService(), token("4711"));
  service.socket.say({ type: "entries", entries: [service.add({ text: "for 4711" })] });
  chat.send("from 4711", []);
  const old = service.socket;
  service.conversation_id = "conversation-2";
  service.entries = [];
  chat.identify(token("0815"));
  assert.deepEqual([said(chat), outgoing(chat), old.isClosed], [[], [], true]);
  old.say({ type: "entries", entries: [{ ...service.add({ text: "late for 4711" }), seq: 2 }] });
  assert.deepEqual(said(chat), []);
  assert.ok(!service.store.keys().includes("omnifil.shop.session"), "a signed session is never stored");
  chat.identify(null);
  await service.clock.pass(0);
  assert.deepEqual(outgoing(chat), []);
});

test("a fresh proof of the same person changes nothing", async () => {
  const { service, chat } = await started(new FakeService(), token("4711"));
  chat.identify(`${token("4711")}again`);
  assert.equal(service.sockets.length, 1);
  assert.equal(chat.state.line.kind, "live");
});

test("a refused proof is said, and nobody is anonymous without asking for it", async () => {
  const service = new FakeService();
  service.refusal = new Refused("identity-token-expired");
  const chat = new Chat(service.surroundings(), token("4711"), () => undefined);
  await chat.begin();
  chat.open();
  await service.clock.pass(60_000);
  assert.deepEqual(chat.state.line, { kind: "refused", code: "identity-token-expired" });
  assert.ok(service.requests.every((request) => request.identity_token !== null));
  service.refusal = null;
  chat.identify(null);
  chat.open();
  await service.accept();
  assert.equal(chat.state.line.kind, "live");
});

test("a stored session that is no good any more is replaced by a new one", async () => {
  const service = new FakeService();
  service.store.setItem("omnifil.shop.session", "rotten");
  const surroundings = service.surroundings();
  const { session } = surroundings.service;
  surroundings.service.session = async (request) => {
    if (request.session_token === "rotten") throw new Refused("session-invalid");
    return session(request);
  };
  const chat = new Chat(surroundings, null, () => undefined);
  await chat.begin();
  chat.open();
  await service.accept();
  assert.equal(service.store.getItem("omnifil.shop.session"), "session-1");
});

test("who says who they are goes on with the new session; only before the first message it is carried along", async () => {
  const { service, chat } = await started();
  assert.equal(await chat.introduce("Clara", "clara@mail.example"), true);
  assert.deepEqual(service.requests.at(-1)?.claimed, { name: "Clara", email: "clara@mail.example" });
  const socket = await service.accept();
  socket.say({ type: "entries", entries: [service.add({ text: "Hello" })] });
  assert.equal(await chat.introduce("Clara", ""), false);
});

test("typing is said sparingly and its end once", async () => {
  const { service, chat } = await started();
  chat.type(true);
  chat.type(true);
  await service.clock.pass(3000);
  chat.type(true);
  chat.type(false);
  chat.type(false);
  assert.deepEqual(service.socket.of("typing").map((frame) => "active" in frame && frame.active), [true, true, false]);
});

test("a browser that is not known becomes one visitor, however many ask at once", async () => {
  const service = new FakeService();
  const windows = [1, 2].map(() => new Chat(service.surroundings(), null, () => undefined));
  for (const chat of windows) {
    chat.open();
    await chat.upload(new Blob(["x"]), "a.png").catch(() => undefined);
  }
  await service.clock.pass(0);
  const sessions = service.sockets.map((socket) => (socket.onopen?.(undefined as never), socket.sent[0]));
  assert.equal(new Set(sessions.map((frame) => frame?.type === "hello" && frame.session)).size, 1);
});

test("an image that is too large is not even tried", async () => {
  const { chat } = await started();
  await assert.rejects(chat.upload(new Blob(["x".repeat(1001)]), "a.png"), (error: Refused) => error.code === "too-large");
});
