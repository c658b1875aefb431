import { expect, test } from "vitest";
import { rowsOf } from "../../src/dossier/rows";
import type { TimelineEntry } from "../../src/contracts/types";
import { at, because, entry, linked, message, opened, reply, timeline } from "../builders";

const kinds = (entries: readonly TimelineEntry[]) =>
  rowsOf(entries, [], () => "day").map((row) => ("entry" in row ? `${row.kind}:${row.entry.seq}` : row.kind));

test("messages of one person in one conversation stand together", () => {
  const rows = rowsOf(timeline(opened, linked("c1"), message("m1", "c1", 3), message("m2", "c1", 4)), [], () => "day");
  expect(rows.map((row) => row.kind === "message" && row.grouped)).toEqual([false, false, false, false, true]);
});

test("a message that was moved away leaves a line, and comes back with its undo", () => {
  const away = timeline(opened, linked("c1"), message("m1", "c1", 3), {
    type: "message_unlinked",
    message_id: "m1",
    conversation_id: "c1",
    moved_to: "d2",
    because,
  });
  expect(kinds(away)).toEqual(["day", "line:1", "line:2", "line:4"]);
  const back = [...away, entry(5, message("m1", "c1", 3), { occurred_at: at(3) })];
  expect(kinds(back)).toEqual(["day", "line:1", "line:2", "message:5", "line:4"]);
});

test("a conversation that goes on elsewhere leaves what was said; one that moves takes it along", () => {
  const unlinked = (messages: number) =>
    timeline(opened, linked("c1"), message("m1", "c1", 3), reply("r1", ["c1"]), {
      type: "conversation_unlinked",
      conversation_id: "c1",
      moved_to: "d2",
      messages,
      because,
    });
  expect(kinds(unlinked(0))).toEqual(["day", "line:1", "line:2", "message:3", "reply:4", "line:5"]);
  expect(kinds(unlinked(2))).toEqual(["day", "line:1", "line:2", "line:5"]);
});

test("a reply shows the newest state of each target, and only the targets that stayed", () => {
  const entries = timeline(
    opened,
    linked("c1"),
    linked("c2"),
    reply("r1", ["c1", "c2"]),
    { type: "delivery_updated", outbound_id: "out:r1:c1", conversation_id: "c1", state: "sent" },
    {
      type: "delivery_updated",
      outbound_id: "out:r1:c1",
      conversation_id: "c1",
      state: "failed",
      reason: "mailbox full",
    },
    { type: "conversation_unlinked", conversation_id: "c2", moved_to: "d2", messages: 1, because },
  );
  const row = rowsOf(entries, [], () => "day").find((each) => each.kind === "reply");
  expect(row?.kind === "reply" && row.reply.targets.map((target) => target.conversation.conversation_id)).toEqual([
    "c1",
  ]);
  expect(row?.kind === "reply" && row.deliveries.get("out:r1:c1")).toMatchObject({
    state: "failed",
    reason: "mailbox full",
  });
});

test("what was sent and is not there yet stands at the end, until its entry comes", () => {
  const outgoing = [
    { commandId: "k1", dossierId: "d1", at: at(9), command: { type: "add_note" as const, text: "note" } },
  ];
  const entries = timeline(opened);
  expect(rowsOf(entries, outgoing, () => "day").at(-1)?.kind).toBe("sending");
  const with_ = [...entries, entry(2, { type: "note_added", note_id: "n", text: "note" }, { effect_id: "cmd:k1:0" })];
  expect(rowsOf(with_, outgoing, () => "day").at(-1)?.kind).toBe("note");
});

test("a link that holds can be undone; the beginning of a dossier cannot", () => {
  const entries = timeline(opened, { ...linked("c1"), because: { rule: "new" } }, message("m1", "c1", 3), linked("c2"));
  const undoable = (all: readonly TimelineEntry[]) =>
    rowsOf(all, [], () => "day").flatMap((row) => ("undoable" in row ? [[row.entry.seq, row.undoable]] : []));
  expect(undoable(entries)).toEqual([
    [1, false],
    [3, true],
    [4, true],
  ]);
  const gone = [
    ...entries,
    entry(5, { type: "conversation_unlinked", conversation_id: "c2", moved_to: "d2", messages: 1, because }),
  ];
  expect(undoable(gone)).toEqual([
    [1, false],
    [3, true],
    [4, false],
    [5, true],
  ]);
});

test("a split takes what was said from that message on; what was said before stays to be read", () => {
  const entries = timeline(
    opened,
    linked("c1"),
    message("m1", "c1", 3),
    message("m2", "c1", 4),
    message("m3", "c1", 5),
    {
      type: "conversation_unlinked",
      conversation_id: "c1",
      moved_to: "d2",
      messages: 2,
      because,
      since_message_id: "m2",
      since_at: at(4),
      since_seq: 4,
    },
  );
  expect(kinds(entries)).toEqual(["day", "line:1", "line:2", "message:3", "line:6"]);
});

test("what is taken back takes only what came with it", () => {
  const entries = timeline(opened, linked("c1"), message("m1", "c1", 3), message("m2", "c1", 4), {
    type: "conversation_unlinked",
    conversation_id: "c1",
    moved_to: "d2",
    messages: 1,
    because,
    since_seq: 4,
  });
  expect(kinds(entries)).toEqual(["day", "line:1", "line:2", "message:3", "line:5"]);
});

test("a reply that went with a merge leaves a line", () => {
  const away = { type: "reply_unlinked", reply_id: "r1", conversation_ids: ["c1"], moved_to: "d2", because };
  expect(kinds(timeline(opened, linked("c1"), reply("r1", ["c1"]), away))).toEqual(["day", "line:1", "line:2", "line:4"]);
});

test("of merges and relations only the newest word can be taken back", () => {
  const about = (type: string) => ({ type, dossier_id: "d2", number: "D-2", because });
  const undoable = (...types: string[]) =>
    rowsOf(timeline(opened, ...types.map(about)), [], () => "day").flatMap((row) =>
      row.kind === "line" && row.undoable ? [row.entry.event.type] : [],
    );
  expect(undoable("dossier_related")).toEqual(["dossier_related"]);
  expect(undoable("dossier_related", "dossier_unrelated")).toEqual(["dossier_unrelated"]);
  expect(undoable("dossier_merged", "dossier_unmerged", "dossier_merged")).toEqual(["dossier_merged"]);
  const closed = { type: "status_changed", status: "closed", because };
  const merged = timeline(opened, closed, { ...closed, merged_into: "d2" });
  const lines = rowsOf(merged, [], () => "day").flatMap((row) => (row.kind === "line" ? [row.undoable] : []));
  expect(lines).toEqual([false, false, true]);
});

test("several suggestions that read the same are one line", () => {
  const suggestion = (id: string, name: string) => ({
    type: "suggestion_made" as const,
    suggestion: {
      suggestion_id: id,
      kind: "same-customer" as const,
      conversation_id: "c1",
      identity: null,
      customer_id: id,
      customer_name: name,
      dossier_id: null,
      because,
    },
  });
  const made = timeline(opened, linked("c1"), suggestion("s1", "Claire"), suggestion("s2", "Claire"), suggestion("s3", "Max"));
  expect(kinds(made)).toEqual(["day", "line:1", "line:2", "line:3", "line:5"]);
});
