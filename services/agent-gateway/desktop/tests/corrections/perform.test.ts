// @vitest-environment jsdom
import { expect, test } from "vitest";
import { GOALS, commandOf, type Asked } from "../../src/corrections/asking";
import { tellingOf } from "../../src/corrections/perform";
import { because, entry, linked } from "../builders";

const by = (command: string, seq: number, event: object) => entry(seq, event, { effect_id: `cmd:${command}:${seq}` });
const closed = { type: "status_changed", status: "closed", because, merged_into: "d2" };
const left = { type: "conversation_unlinked", conversation_id: "c1", moved_to: "d2", messages: 1, because };

test("a merge is taken back by its closing, a move by what moved", () => {
  const entries = [entry(1, linked("c1")), by("k1", 2, left), by("k1", 3, closed), by("k2", 4, linked("c2"))];
  expect(tellingOf(entries, "k1", true)?.seq).toBe(3);
  expect(tellingOf(entries, "k1", false)?.seq).toBe(2);
  expect(tellingOf(entries, "k2", false)?.seq).toBe(4);
  expect(tellingOf(entries, "k3", false)).toBeNull();
});

test("every correction has a command for each goal that it may have, and none for others", () => {
  const message = { dossierId: "d1", conversationId: "c1", messageId: "m1", fromMessageId: "m1" };
  const goals = {
    new: { kind: "new" },
    dossier: { kind: "dossier", dossier: { dossier_id: "d2" } },
    customer: { kind: "customer", customerId: "u2", name: "Ute" },
  } as const;
  for (const [what, allowed] of Object.entries(GOALS)) {
    const asked = { what, ...message } as unknown as Asked;
    for (const kind of allowed) expect(commandOf(asked, goals[kind] as never), `${what} to ${kind}`).not.toBeNull();
  }
  expect(commandOf({ what: "merge", dossierId: "d1" }, { kind: "new" })).toBeNull();
  expect(commandOf({ what: "split", ...message }, goals.customer as never)).toEqual({
    type: "split_conversation",
    conversation_id: "c1",
    from_message_id: "m1",
    to_dossier_id: null,
    to_customer_id: "u2",
  });
});
