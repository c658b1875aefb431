import { expect, test } from "vitest";
import { Drafts } from "../../src/live/drafts";

function newStorage() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}
const command = {
  type: "reply",
  text: "Hello",
  attachments: [],
  conversation_ids: ["c1"],
  status_after: "waiting",
  seen_seq: 3,
} as const;

test("a draft survives a reload, one agent's is not another's", () => {
  const storage = newStorage();
  new Drafts("amelie", storage).change("d1", { text: "Bonjour", conversationIds: ["c1"] });
  expect(new Drafts("amelie", storage).get("d1")).toMatchObject({ text: "Bonjour", conversationIds: ["c1"] });
  expect(new Drafts("tom", storage).hasDraft("d1")).toBe(false);
});

test("an emptied draft leaves nothing behind", () => {
  const storage = newStorage();
  const drafts = new Drafts("amelie", storage);
  drafts.change("d1", { text: "x" });
  drafts.change("d1", { text: "" });
  expect(storage.kept.size).toBe(0);
});

test("what has been sent is kept until it is confirmed", () => {
  const storage = newStorage();
  new Drafts("amelie", storage).sending({
    commandId: "k1",
    dossierId: "d1",
    command: { ...command, attachments: [], conversation_ids: ["c1"] },
    at: "2026-03-02T12:00:00Z",
  });
  const after = new Drafts("amelie", storage);
  expect(after.unconfirmed().map((each) => each.commandId)).toEqual(["k1"]);
  after.confirmed("k1");
  expect(new Drafts("amelie", storage).unconfirmed()).toEqual([]);
});

test("a storage that is full costs nothing on the screen", () => {
  const storage = {
    ...newStorage(),
    setItem: () => {
      throw new Error("QuotaExceededError");
    },
  };
  const drafts = new Drafts("amelie", storage);
  drafts.change("d1", { text: "still here" });
  expect(drafts.get("d1").text).toBe("still here");
});
