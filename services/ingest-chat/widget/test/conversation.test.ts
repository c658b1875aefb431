import assert from "node:assert/strict";
import { test } from "node:test";

import { agentName, fold, NOTHING, resumeAfter, unreadCount, unseenUpTo } from "../src/conversation.ts";
import type { Entry, EntryState } from "../src/protocol.ts";

function entry(seq: number, state: EntryState, author: Entry["author"] = "visitor"): Entry {
  const name = author === "agent" ? "Amélie" : null;
  return { seq, id: `e${seq}`, author, name, text: `${seq}`, attachments: [], at: "2026-03-02T12:00:00Z", state };
}

const with_ = (...entries: Entry[]) => fold(NOTHING, { type: "entries", entries });

test("the same entries again, in any order, are the same conversation", () => {
  const once = with_(entry(1, "accepted"), entry(2, "sent", "agent"), entry(3, "accepted"));
  let other = with_(entry(3, "accepted"));
  for (const each of [entry(2, "sent", "agent"), entry(1, "accepted"), entry(2, "sent", "agent")]) {
    other = fold(other, { type: "entries", entries: [each] });
  }
  assert.deepEqual(other.entries, once.entries);
});

test("a state never goes back, though news may overtake each other", () => {
  const accepted = fold(with_(entry(1, "pending")), { type: "accepted", client_message_id: "e1", entry: entry(1, "accepted") });
  const late = fold(accepted, { type: "entries", entries: [entry(1, "pending")] });
  assert.equal(late.entries[0]?.state, "accepted");
});

test("it goes on after the last entry up to which nothing is missing", () => {
  assert.equal(resumeAfter(NOTHING), null);
  assert.equal(resumeAfter(with_(entry(41, "accepted"), entry(42, "accepted"))), 42);
  assert.equal(resumeAfter(with_(entry(1, "accepted"), entry(3, "accepted"))), 1);
});

test("a reset forgets what is not the service's any more", () => {
  const reset = fold(with_(entry(9, "accepted")), { type: "hello", conversation_id: "c", last_seq: 0, read_seq: 0, reset: true });
  assert.deepEqual(reset.entries, []);
});

test("only a page of history says whether there is more before it", () => {
  const newest = fold(NOTHING, { type: "entries", entries: [entry(5, "accepted")], earlier: true });
  const later = fold(newest, { type: "entries", entries: [entry(6, "accepted")], earlier: false });
  assert.equal(later.earlier, true);
  const first = fold(later, { type: "entries", entries: [entry(4, "accepted")], earlier: false });
  assert.equal(first.earlier, false);
});

test("what the visitor has not seen", () => {
  const conversation = with_(entry(1, "read", "agent"), entry(2, "delivered", "agent"), entry(3, "sent", "agent"), entry(4, "accepted"));
  assert.equal(unreadCount(conversation), 2);
  assert.equal(unseenUpTo(conversation, "delivered"), 3);
  assert.equal(unseenUpTo(with_(entry(1, "delivered", "agent")), "delivered"), 0);
  assert.equal(unseenUpTo(with_(entry(1, "delivered", "agent")), "read"), 1);
  assert.equal(agentName(conversation), "Amélie");
});
