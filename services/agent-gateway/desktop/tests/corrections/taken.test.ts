import { beforeEach, expect, test } from "vitest";
import { done, lastDone, takeBack, type Done } from "../../src/corrections/taken";
import { dismiss, toasts } from "../../src/ui/toasts";

beforeEach(() => {
  lastDone.set(null);
  for (const toast of toasts.get()) dismiss(toast.id);
});

/** Something that can be done and undone without end, counting how often each happened. */
function counting(seen: string[], back: Done["back"] = "undo"): Done {
  return {
    text: "taken.done",
    back,
    takeBack: () => {
      seen.push(back);
      return Promise.resolve(counting(seen, back === "undo" ? "redo" : "undo"));
    },
  };
}

test("what is taken back can be done again, and that taken back again", async () => {
  const seen: string[] = [];
  done(counting(seen));
  await takeBack();
  await takeBack();
  await takeBack();
  expect(seen).toEqual(["undo", "redo", "undo"]);
});

test("two presses on one step take it back once", async () => {
  const seen: string[] = [];
  done(counting(seen));
  const first = takeBack();
  await takeBack();
  await first;
  expect(seen).toEqual(["undo"]);
});

test("only the newest step is offered", () => {
  done(counting([]));
  done(counting([]));
  expect(toasts.get().filter((toast) => toast.actions !== undefined)).toHaveLength(1);
});

test("what cannot be taken back says why, and is not offered again", async () => {
  const refused = new Error("refused");
  done({ text: "taken.done", back: "undo", takeBack: () => Promise.reject(refused) });
  await takeBack();
  expect(toasts.get().at(-1)?.error).toBe(refused);
  expect(lastDone.get()).toBeNull();
});
