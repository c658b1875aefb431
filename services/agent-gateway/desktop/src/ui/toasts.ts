import { Store } from "../app/runtime";

export interface ToastAction {
  /** A key of the translations. */
  label: string;
  keys?: string;
  run: () => void;
}

export interface Toast {
  id: number;
  /** A key of the translations, with its values. */
  text?: string;
  values?: Record<string, unknown>;
  error?: Error;
  actions?: readonly ToastAction[];
}

/** How long each stays, ms: what can be acted upon needs time to be read and reached. */
const STAYS_MS = { plain: 5_000, error: 9_000, actions: 12_000 };

export const toasts = new Store<readonly Toast[]>([]);
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let last = 0;

export function toast(what: Omit<Toast, "id">): void {
  const id = (last += 1);
  // Of what can be taken back only the newest is offered: the others would be undone out of order.
  const before = what.actions === undefined ? toasts.get() : toasts.get().filter((each) => each.actions === undefined);
  toasts.set([...before.slice(-2), { ...what, id }]);
  release({ ...what, id });
}

/** It goes by itself after its time; not while the pointer or the focus is on it. */
export function release(what: Toast): void {
  hold(what.id);
  const stays = what.error ? STAYS_MS.error : what.actions ? STAYS_MS.actions : STAYS_MS.plain;
  timers.set(
    what.id,
    setTimeout(() => dismiss(what.id), stays),
  );
}

export function hold(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
}

export function dismiss(id: number): void {
  hold(id);
  toasts.set(toasts.get().filter((each) => each.id !== id));
}
