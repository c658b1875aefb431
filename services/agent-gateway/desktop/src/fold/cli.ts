/**
 * Folds without a browser: reads JSON lines `{"dossier_id", "view": DossierView | null, "entries": TimelineEntry[]}`
 * on standard input, prints one JSON line per line: the view after the entries, or `{"error": …}`.
 */
import { createInterface } from "node:readline";
import type { DossierView, TimelineEntry } from "../contracts/generated";
import { complete } from "./complete";
import { foldAll } from "./fold";

interface Line {
  dossier_id?: string;
  view?: unknown;
  entries?: unknown[];
}

function answer(text: string): unknown {
  try {
    const line = JSON.parse(text) as Line;
    const view = line.view == null ? null : complete<DossierView>("DossierView", line.view);
    const dossierId = line.dossier_id ?? view?.dossier_id;
    if (dossierId === undefined) return { error: "dossier_id is missing" };
    const entries = (line.entries ?? []).map((entry) => complete<TimelineEntry>("TimelineEntry", entry));
    return foldAll(view, entries, dossierId);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

for await (const text of createInterface({ input: process.stdin })) {
  if (text.trim() !== "") process.stdout.write(`${JSON.stringify(answer(text))}\n`);
}
