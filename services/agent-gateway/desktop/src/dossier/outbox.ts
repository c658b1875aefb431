import { useCallback, useEffect, useRef, useState } from "react";
import { Problem, Unreachable } from "../api/client";
import { useOnline, useRuntime } from "../app/runtime";
import type { ReplyConflict } from "../composer/Conflict";
import type { Drafts, Outgoing } from "../live/drafts";
import { newCommandId } from "../live/queries";
import { toast } from "../ui/toasts";

/** Replies that met a conflict, until the agent has decided. */
export const pendingConflict = new Map<string, Outgoing["command"]>();

/** Sends replies and notes so that none is lost: kept on this machine until the server has confirmed them. */
export function useOutbox(id: string, outgoing: readonly Outgoing[]) {
  const { api, drafts } = useRuntime();
  const online = useOnline();
  const [failed, setFailed] = useState<ReadonlySet<string>>(() => new Set(outgoing.map((item) => item.commandId)));
  const [conflict, setConflict] = useState<ReplyConflict | null>(null);

  const post = useCallback(
    (command: Outgoing["command"], commandId: string = newCommandId()) => {
      const item: Outgoing = { commandId, dossierId: id, command, at: new Date().toISOString() };
      drafts.sending(item);
      setFailed((all) => without(all, commandId));
      void (async () => {
        for (let attempt = 0; ; attempt += 1) {
          try {
            await api.command(id, commandId, command);
            setTimeout(() => drafts.confirmed(commandId), 4000); // Its entry is on the way; it confirms sooner.
            return;
          } catch (error) {
            if (error instanceof Unreachable && attempt < 4) {
              await new Promise((done) => setTimeout(done, 400 * 2 ** attempt));
              continue;
            }
            if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 401) {
              // Refused: nothing was sent, and the words go back to where they can be changed.
              drafts.confirmed(commandId);
              toDraft(drafts, item);
              if (error.code === "reply-conflict") {
                pendingConflict.set(commandId, command);
                setConflict({ commandId, entries: error.entries });
              } else {
                toast({ error });
              }
              return;
            }
            setFailed((all) => new Set([...all, commandId]));
            return;
          }
        }
      })();
    },
    [api, drafts, id],
  );

  // What a lost connection or a reload left unconfirmed goes out again by itself, once; the id makes that safe.
  const again = useRef(new Set<string>());
  useEffect(() => {
    if (!online) return;
    for (const item of outgoing) {
      if (!failed.has(item.commandId) || again.current.has(item.commandId)) continue;
      again.current.add(item.commandId);
      post(item.command, item.commandId);
    }
  }, [online, failed, outgoing, post]);

  return { failed, conflict, post, setConflict };
}

function without(all: ReadonlySet<string>, commandId: string): ReadonlySet<string> {
  return new Set([...all].filter((each) => each !== commandId));
}

export function toDraft(drafts: Drafts, item: Outgoing): void {
  const draft = drafts.get(item.dossierId);
  const joined = (mine: string) => [item.command.text, mine].filter((text) => text.trim() !== "").join("\n\n");
  if (item.command.type === "add_note") drafts.change(item.dossierId, { mode: "note", note: joined(draft.note) });
  else {
    drafts.change(item.dossierId, {
      mode: "reply",
      text: joined(draft.text),
      attachments: [...(item.command.attachments ?? []), ...draft.attachments],
      conversationIds: item.command.conversation_ids,
      sinceSeq: item.command.seen_seq,
    });
  }
}
