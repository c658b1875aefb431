import { PAGE, type Runtime } from "../app/runtime";
import { go } from "../app/router";
import type { Command, CommandResult, TimelineEntry } from "../contracts/types";
import { sendCommand } from "../live/queries";
import type { Done } from "./taken";

type Desktop = Pick<Runtime, "api" | "desk">;

/** What the toast says of each correction. */
const SAID: Partial<Record<Command["type"], string>> = {
  move_message: "taken.movedMessage",
  move_conversation: "taken.movedConversation",
  split_conversation: "taken.split",
  merge_dossier: "taken.merged",
  relate_dossier: "taken.related",
  unrelate_dossier: "taken.unrelated",
  resolve_suggestion: "taken.accepted",
  undo: "taken.undone",
};

/** The entries by which a correction is taken back, most telling first (case-service, “Commands”, `undo`). */
const TELLING: readonly TimelineEntry["event"]["type"][] = [
  "dossier_merged",
  "dossier_unmerged",
  "dossier_related",
  "dossier_unrelated",
  "conversation_unlinked",
  "conversation_linked",
  "message_unlinked",
  "message_linked",
];

/** Sends a correction; taking it back undoes its entry, and doing it again is the same command anew. */
export async function correct(
  desktop: Desktop,
  dossierId: string,
  command: Command,
  seenSeq: number | null,
): Promise<Done> {
  const { commandId, result } = await sendCommand(desktop.api, dossierId, command, seenSeq);
  return {
    text: SAID[command.type] ?? "taken.done",
    back: "undo",
    more: whereTo(dossierId, result),
    takeBack: async () => {
      await undone(desktop, dossierId, commandId, command.type === "merge_dossier");
      return { text: "taken.undone", back: "redo", takeBack: () => correct(desktop, dossierId, command, null) };
    },
  };
}

/** Takes back what an entry says, whoever did it; that is taken back by undoing the undo. */
export async function undoEntry(desktop: Desktop, dossierId: string, entry: TimelineEntry): Promise<Done> {
  const { commandId } = await sendCommand(desktop.api, dossierId, { type: "undo", seq: entry.seq }, null);
  const { event } = entry;
  if (event.type !== "status_changed" || event.merged_into === null) {
    return flipped(desktop, dossierId, commandId, "redo");
  }
  // What was merged stands here again: to do it again is to merge it again.
  const again: Command = { type: "merge_dossier", into_dossier_id: event.merged_into };
  return { text: "taken.undone", back: "redo", takeBack: () => correct(desktop, dossierId, again, null) };
}

function flipped(desktop: Desktop, dossierId: string, commandId: string, back: Done["back"]): Done {
  return {
    text: back === "redo" ? "taken.undone" : "taken.redone",
    back,
    takeBack: async () => {
      const next = await undone(desktop, dossierId, commandId, false);
      return flipped(desktop, dossierId, next, back === "redo" ? "undo" : "redo");
    },
  };
}

/** Undoes what a command did; the id of the command that undid it. */
async function undone(desktop: Desktop, dossierId: string, commandId: string, isMerge: boolean): Promise<string> {
  const { seq } = await entryOf(desktop, dossierId, commandId, isMerge);
  return (await sendCommand(desktop.api, dossierId, { type: "undo", seq }, null)).commandId;
}

async function entryOf(
  { api, desk }: Desktop,
  dossierId: string,
  commandId: string,
  isMerge: boolean,
): Promise<TimelineEntry> {
  const known = tellingOf(desk.get(dossierId)?.timeline?.entries ?? [], commandId, isMerge);
  const entry = known ?? tellingOf((await api.dossier(dossierId, PAGE)).timeline, commandId, isMerge);
  if (entry === null) throw new Error(`no entry of ${commandId} in ${dossierId}`);
  return entry;
}

/** The entry of a command by which it is taken back: of a merge its closing, which speaks for all that went. */
export function tellingOf(
  entries: readonly TimelineEntry[],
  commandId: string,
  isMerge: boolean,
): TimelineEntry | null {
  const own = entries.filter((entry) => entry.effect_id.startsWith(`cmd:${commandId}:`));
  if (isMerge) {
    return own.find(({ event }) => event.type === "status_changed" && event.merged_into !== null) ?? null;
  }
  const telling = own.filter((entry) => TELLING.includes(entry.event.type));
  return telling.sort((a, b) => TELLING.indexOf(a.event.type) - TELLING.indexOf(b.event.type))[0] ?? null;
}

function whereTo(dossierId: string, result: CommandResult): Done["more"] {
  const to = result.to_dossier_id;
  if (to === null || to === dossierId) return undefined;
  return { label: "taken.open", run: () => go({ dossierId: to }) };
}
