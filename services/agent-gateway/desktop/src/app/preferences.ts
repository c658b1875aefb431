import { useSyncExternalStore } from "react";

export interface Preferences {
  theme: "system" | "light" | "dark";
  /** Keys without a modifier; some people (and some speech input) need them off: WCAG 2.1.4. */
  singleKeys: boolean;
  customerPanel: boolean;
  hintSeen: boolean;
}

const KEPT = "omnifil.preferences";
const DEFAULTS: Preferences = { theme: "system", singleKeys: true, customerPanel: true, hintSeen: false };
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let current: Preferences = read();

function read(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}

export function applyTheme(): void {
  const theme = current.theme === "system" ? (dark.matches ? "dark" : "light") : current.theme;
  document.documentElement.dataset.theme = theme;
}
dark.addEventListener("change", applyTheme);

export function prefer(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  localStorage.setItem(KEPT, JSON.stringify(current));
  applyTheme();
  for (const listener of listeners) listener();
}

export const preferences = (): Preferences => current;

export function usePreferences(): Preferences {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, preferences);
}
