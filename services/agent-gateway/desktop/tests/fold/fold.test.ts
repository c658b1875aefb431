import { describe, expect, test } from "vitest";
import type { TimelineEntry } from "../../src/contracts/types";
import { compareInstants, complete, fold, foldAll, Hole, inReadingOrder, merge, newestStretch } from "../../src/fold";
import { at, because, entry, linked, message, opened, reply, timeline, viewOf } from "../builders";

describe("the fold", () => {
  test("begins with the opening, and refuses to begin elsewhere", () => {
    expect(viewOf(timeline(opened))).toMatchObject({
      dossier_id: "d1",
      seq: 1,
      status: "open",
      messages: 0,
      last_message: null,
    });
    expect(() => fold(null, entry(2, linked("c1")), "d1")).toThrow(Hole);
  });

  test("ignores what it knows and names what is missing", () => {
    const view = viewOf(timeline(opened, linked("c1")));
    expect(fold(view, entry(2, linked("other")), "d1")).toBe(view);
    expect(() => fold(view, entry(4, { type: "unassigned" }), "d1")).toThrowError("3 is missing");
  });

  test("a customer's word makes the customer wait, an answer ends it", () => {
    const asked = viewOf(timeline(opened, linked("c1"), message("m1", "c1", 3), message("m2", "c1", 4)));
    expect(asked).toMatchObject({
      messages: 2,
      unanswered_since: at(3),
      last_message: { message_id: "m2", author: "customer" },
    });
    const answered = fold(asked, entry(5, reply("r1", ["c1"])), "d1");
    expect(answered).toMatchObject({
      messages: 3,
      unanswered_since: null,
      last_message: { message_id: "r1", author: "company" },
    });
  });

  test("a message that comes late is counted, and does not become the last", () => {
    const view = viewOf(timeline(opened, linked("c1"), message("m2", "c1", 30), message("m1", "c1", 10)));
    expect(view.last_message?.message_id).toBe("m2");
    expect(view.unanswered_since).toBe(at(10));
    expect(view.conversations[0]?.last_message_at).toBe(at(30));
  });

  test("a machine's word makes nobody wait and does not rename the conversation", () => {
    const machine = {
      automatic: "bounce",
      sender: { primary: { identity: { kind: "email", value: "daemon" }, assurance: "claimed" } },
    };
    const view = viewOf(
      timeline(
        opened,
        linked("c1"),
        message("m1", "c1", 3),
        reply("r1", ["c1"]),
        message("m2", "c1", 9, machine as never),
      ),
    );
    expect(view.unanswered_since).toBeNull();
    expect(view.conversations[0]?.identity).toEqual({ kind: "visitor", value: "v" });
  });

  test("a conversation that leaves takes its messages and suggestions along", () => {
    const suggestion = { suggestion_id: "s1", kind: "same-matter", conversation_id: "c1", because };
    const before = viewOf(
      timeline(opened, linked("c1"), linked("c2"), message("m1", "c1", 4), { type: "suggestion_made", suggestion }),
    );
    expect(before.suggestions).toHaveLength(1);
    const after = fold(
      before,
      entry(6, { type: "conversation_unlinked", conversation_id: "c1", moved_to: "d2", messages: 1, because }),
      "d1",
    );
    expect(after).toMatchObject({ messages: 0, suggestions: [], last_message: null, unanswered_since: null });
    expect(after.conversations.map((each) => each.conversation.conversation_id)).toEqual(["c2"]);
  });

  test("an excerpt is counted in code points", () => {
    const view = viewOf(timeline(opened, linked("c1"), message("m1", "c1", 3, { text: "🙂".repeat(200) })));
    expect(Array.from(view.last_message!.text)).toHaveLength(140);
  });

  test("an event that only a newer writer knows counts and changes nothing else", () => {
    const view = viewOf(timeline(opened, linked("c1")));
    const after = fold(view, entry(3, { type: "tag_added", tag: "vip" } as never), "d1");
    expect({ ...after, seq: view.seq, last_entry_at: view.last_entry_at }).toEqual(view);
  });

  test("in two parts gives the same as at once", () => {
    const entries = timeline(opened, linked("c1"), message("m1", "c1", 3), reply("r1", ["c1"]), { type: "unassigned" });
    for (let cut = 1; cut <= entries.length; cut += 1) {
      const first = foldAll(null, entries.slice(0, cut), "d1");
      expect(foldAll(first, entries.slice(Math.max(0, cut - 2)), "d1")).toEqual(viewOf(entries));
    }
  });
});

describe("instants", () => {
  test("are compared to the microsecond, whatever their length", () => {
    expect(compareInstants("2026-03-02T12:00:00Z", "2026-03-02T12:00:00.5Z")).toBeLessThan(0);
    expect(compareInstants("2026-03-02T12:00:00.123457Z", "2026-03-02T12:00:00.123456Z")).toBeGreaterThan(0);
    expect(compareInstants("2026-03-02T13:00:00+01:00", "2026-03-02T12:00:00Z")).toBe(0);
  });
});

describe("timelines", () => {
  const seqs = (entries: readonly TimelineEntry[]) => entries.map((each) => each.seq);
  const all = timeline(opened, linked("c1"), message("m1", "c1", 3), message("m2", "c1", 4), { type: "unassigned" });

  test("merge keeps each entry once, in order", () => {
    expect(seqs(merge(all.slice(2), all.slice(0, 4)))).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(merge([], all))).toEqual([1, 2, 3, 4, 5]);
  });

  test("what lies before a hole is not shown as if nothing were missing", () => {
    expect(seqs(newestStretch([all[0]!, all[3]!, all[4]!]))).toEqual([4, 5]);
  });

  test("are read by when things happened", () => {
    const moved = entry(6, message("m0", "c1", 2), { occurred_at: at(2) });
    expect(seqs(inReadingOrder([...all, moved]))).toEqual([1, 2, 6, 3, 4, 5]);
  });
});

test("readers fill in what writers left out, deep inside", () => {
  const read = complete<TimelineEntry>("TimelineEntry", entry(1, opened));
  expect(read.event).toMatchObject({
    subject: null,
    follows: null,
    because: { rule: "new", evidence: [], link_id: null },
  });
  expect(complete<Record<string, unknown>>("TimelineEntry", { unknown: 1 }).unknown).toBe(1);
});
