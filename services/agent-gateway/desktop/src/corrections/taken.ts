import { Store } from "../app/runtime";
import { toast, type ToastAction } from "../ui/toasts";

/** Something that has been done, and how it is taken back; taking it back is done too, and can be taken back again. */
export interface Done {
  /** A key of the translations, with its values: what the toast says. */
  text: string;
  values?: Record<string, unknown>;
  /** `redo` when this was itself an undo. */
  back: "undo" | "redo";
  takeBack: () => Promise<Done>;
  more?: ToastAction;
}

/** What `z` takes back: the last thing that was done, whichever screen it was done on. */
export const lastDone = new Store<Done | null>(null);

/** Says what was done, with the way back. */
export function done(what: Done): void {
  lastDone.set(what);
  toast({
    text: what.text,
    values: what.values,
    actions: [
      { label: `taken.${what.back}`, keys: "z", run: () => void takeBack(what) },
      ...(what.more === undefined ? [] : [what.more]),
    ],
  });
}

/** Once: a second press while it is on its way does nothing. */
export async function takeBack(what: Done | null = lastDone.get()): Promise<void> {
  if (what === null) return;
  if (lastDone.get() === what) lastDone.set(null);
  try {
    done(await what.takeBack());
  } catch (error) {
    toast({ error: error as Error });
  }
}
