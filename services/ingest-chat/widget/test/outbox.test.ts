import assert from "node:assert/strict";
import { test } from "node:test";

import { fold, NOTHING } from "../src/conversation.ts";
import { Outbox } from "../src/outbox.ts";
import type { Entry } from "../src/protocol.ts";
import { memoryStore } from "./fakes.ts";

const message = (id: string, at: number) => ({ id, text: id, attachments: [], at });

function accepted(id: string, state: Entry["state"] = "accepted") {
  const entry: Entry = { seq: 1, id, author: "visitor", name: null, text: "", attachments: [], at: "2026-03-02T12:00:00Z", state, client_message_id: id };
  return fold(NOTHING, { type: "entries", entries: [entry] });
}

test("what was written is there after a reload, in its order", () => {
  const store = memoryStore();
  const outbox = new Outbox(store, "shop", "anon");
  outbox.put(message("b", 2));
  outbox.put(message("a", 1));
  const reloaded = new Outbox(store, "shop", "anon");
  assert.deepEqual(reloaded.messages.map(({ id }) => id), ["a", "b"]);
});

test("only what the service has accepted leaves it", () => {
  const store = memoryStore();
  const outbox = new Outbox(store, "shop", "anon");
  outbox.put(message("a", 1));
  outbox.settle(accepted("a", "pending"));
  assert.equal(outbox.next?.id, "a");
  outbox.settle(accepted("a"));
  assert.equal(outbox.next, undefined);
  assert.deepEqual(store.keys(), []);
});

test("two windows do not overwrite each other's messages", () => {
  const store = memoryStore();
  const one = new Outbox(store, "shop", "anon");
  const other = new Outbox(store, "shop", "anon");
  one.put(message("a", 1));
  other.put(message("b", 2));
  one.reload();
  assert.deepEqual(one.messages.map(({ id }) => id), ["a", "b"]);
  other.remove("b");
  one.reload();
  assert.deepEqual(one.messages.map(({ id }) => id), ["a"]);
});

test("another person at the same browser does not get it", () => {
  const store = memoryStore();
  new Outbox(store, "shop", "s:4711").put(message("a", 1));
  assert.deepEqual(new Outbox(store, "shop", "s:0815").messages, []);
  assert.deepEqual(new Outbox(store, "shop", "anon").messages, []);
});

test("what was refused lets the next one pass, and goes again under its id", () => {
  const outbox = new Outbox(memoryStore(), "shop", "anon");
  outbox.put(message("a", 1));
  outbox.put(message("b", 2));
  outbox.refuse("a", "text-too-long");
  assert.equal(outbox.next?.id, "b");
  outbox.retry("a");
  assert.deepEqual(outbox.next, message("a", 1));
});

test("it works where nothing may be kept, and with rubbish in the store", () => {
  const broken = { ...memoryStore(), setItem: () => { throw new Error("full"); }, getItem: () => { throw new Error("forbidden"); } };
  const outbox = new Outbox(broken, "shop", "anon");
  outbox.put(message("a", 1));
  assert.equal(outbox.next?.id, "a");
  const store = memoryStore();
  store.setItem("omnifil.shop.out.anon.x", "{");
  store.setItem("omnifil.shop.out.anon.y", "null");
  assert.deepEqual(new Outbox(store, "shop", "anon").messages, []);
});
