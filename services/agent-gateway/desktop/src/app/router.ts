import { useSyncExternalStore } from "react";

/** `/{view}` is a list, `/{view}/{dossier}` a dossier beside it; `/d/{dossier}` is what links from outside use. */
export interface Place {
  view: string;
  dossierId: string | null;
}

export function parsePlace(path: string): Place {
  const [view = "", dossierId] = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { view: view === "d" || view === "" ? "open" : view, dossierId: dossierId ?? null };
}

export function pathOf(place: Place): string {
  return `/${place.view}${place.dossierId === null ? "" : `/${encodeURIComponent(place.dossierId)}`}`;
}

const listeners = new Set<() => void>();
let current = parsePlace(location.pathname);

function moved(): void {
  current = parsePlace(location.pathname);
  for (const listener of listeners) listener();
}
addEventListener("popstate", moved);

export function go(place: Partial<Place>, how: "push" | "replace" = "push"): void {
  const path = pathOf({ ...current, ...place });
  if (path === location.pathname) return;
  history[how === "push" ? "pushState" : "replaceState"](null, "", path);
  moved();
}

export function usePlace(): Place {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
