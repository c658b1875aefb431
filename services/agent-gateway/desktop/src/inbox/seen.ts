import { Store } from "../app/runtime";

/** Up to which message each dossier has been looked at on this machine; the others are shown in bold. */
const KEPT = "omnifil.seen";
const MOST = 3000;

export const seen = new Store<Readonly<Record<string, string>>>(read());

function read(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

export function markSeen(dossierId: string, messageId: string): void {
  if (seen.get()[dossierId] === messageId) return;
  const entries = Object.entries(seen.get())
    .filter(([id]) => id !== dossierId)
    .slice(-MOST);
  const next = { ...Object.fromEntries(entries), [dossierId]: messageId };
  seen.set(next);
  try {
    localStorage.setItem(KEPT, JSON.stringify(next));
  } catch {
    // Only bold type is lost.
  }
}
