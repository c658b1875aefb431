import { Store } from "../app/runtime";

export interface Toast {
  id: number;
  /** A key of the translations, with its values. */
  text?: string;
  values?: Record<string, unknown>;
  error?: Error;
  action?: { label: string; run: () => void };
}

export const toasts = new Store<readonly Toast[]>([]);
let last = 0;

export function toast(what: Omit<Toast, "id">): void {
  const id = (last += 1);
  toasts.set([...toasts.get().slice(-2), { ...what, id }]);
  setTimeout(() => dismiss(id), what.error ? 9000 : 5000);
}

export function dismiss(id: number): void {
  toasts.set(toasts.get().filter((each) => each.id !== id));
}
