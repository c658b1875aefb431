import { expect, test, vi } from "vitest";
import { Desk } from "../../src/live/desk";
import type { DossierSnapshot } from "../../src/contracts/types";
import { at, entry, linked, message, opened, published, snapshot, timeline, viewOf } from "../builders";

const all = timeline(opened, linked("c1"), message("m1", "c1", 3), message("m2", "c1", 4), { type: "unassigned" });

function newDesk(refetch: () => Promise<DossierSnapshot | null> = () => Promise.resolve(null)) {
  const asked = vi.fn(refetch);
  return { desk: new Desk({ refetch: asked, pause: () => Promise.resolve() }), asked };
}
const settled = () => new Promise((done) => setTimeout(done, 0));

test("events continue a snapshot; what is known already changes nothing", () => {
  const { desk, asked } = newDesk();
  desk.takeSnapshot(snapshot(all.slice(0, 3)));
  desk.applyEvents(published(all));
  desk.applyEvents(published(all));
  expect(desk.get("d1")?.view).toEqual(viewOf(all));
  expect(desk.get("d1")?.timeline?.entries).toEqual(all);
  expect(asked).not.toHaveBeenCalled();
});

test("a dossier that begins in the stream needs no fetch", () => {
  const { desk, asked } = newDesk();
  desk.applyEvents(published(all));
  expect(desk.views()).toEqual([viewOf(all)]);
  expect(asked).not.toHaveBeenCalled();
});

test("a hole is fetched, and what came behind it is applied", async () => {
  const { desk, asked } = newDesk(() => Promise.resolve(snapshot(all.slice(0, 4))));
  desk.takeSnapshot(snapshot(all.slice(0, 2)));
  desk.applyEvents(published([all[4]!]));
  await settled();
  expect(asked).toHaveBeenCalledExactlyOnceWith("d1", true);
  expect(desk.get("d1")?.view).toEqual(viewOf(all));
  expect(desk.get("d1")?.timeline?.entries.map((each) => each.seq)).toEqual([1, 2, 3, 4, 5]);
});

test("a projection that lags behind the stream is asked again until it holds what is missing", async () => {
  const answers = [all.slice(0, 2), all.slice(0, 2), all.slice(0, 4)];
  const { desk, asked } = newDesk(() => Promise.resolve(snapshot(answers.shift() ?? all)));
  desk.applyEvents(published([all[4]!]));
  await settled();
  await settled();
  expect(asked).toHaveBeenCalledTimes(3);
  expect(desk.get("d1")?.view).toEqual(viewOf(all));
});

test("a snapshot that is older than the stream takes nothing back", () => {
  const { desk } = newDesk();
  desk.applyEvents(published(all));
  desk.takeSnapshot(snapshot(all.slice(0, 3)));
  expect(desk.get("d1")?.view.seq).toBe(5);
  desk.takeViews([viewOf(all.slice(0, 2))]);
  expect(desk.get("d1")?.view.seq).toBe(5);
});

test("a dossier that may not be seen is not asked for again and again", async () => {
  const { desk, asked } = newDesk();
  desk.applyEvents(published([all[3]!]));
  await settled();
  expect(asked).toHaveBeenCalledOnce();
  expect(desk.get("d1")).toBeUndefined();
});

test("earlier pages come before what is held", () => {
  const { desk } = newDesk();
  desk.takeSnapshot(snapshot(all, "d1", 3));
  expect(desk.get("d1")?.timeline).toMatchObject({ hasEarlier: true });
  desk.takeEarlier("d1", { entries: all.slice(0, 3), has_earlier: false });
  expect(desk.get("d1")?.timeline).toEqual({ entries: all, hasEarlier: false });
});

test("presence runs out by the length that the record gives, not by the clock of the server", () => {
  let now = 1_000_000;
  const desk = new Desk({ refetch: () => Promise.resolve(null), now: () => now });
  desk.takeSnapshot(snapshot(all));
  const actor = { kind: "agent", id: "tom", name: "Tom" };
  desk.takePresences([
    {
      dossier_id: "d1",
      conversation_id: null,
      actor,
      activity: "typing",
      read_message_id: null,
      at: at(0),
      expires_at: at(0.25),
    },
  ]);
  const typing = () => desk.presencesOf(desk.get("d1")!.view).length;
  expect(typing()).toBe(1);
  now += 15_001;
  desk.prune();
  expect(typing()).toBe(0);
});

test("what was said before an erasure is held no longer, and is asked for again", () => {
  const { desk } = newDesk();
  desk.takeSnapshot(snapshot(all));
  const erased = {
    type: "customer_erased",
    customer_ids: ["clara"],
    conversation_ids: ["c1"],
    is_theirs: true,
    because: { rule: "erasure" },
  };
  desk.applyEvents(published([entry(6, erased)]));
  expect(desk.get("d1")?.timeline).toBeNull();
  expect(desk.get("d1")?.view.customer_name).toBeNull();
});
