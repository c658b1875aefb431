import { CircleCheck, Clock3, Inbox, Layers, UserRound, type LucideIcon } from "lucide-react";
import type { InboxQuery } from "../api/client";
import type { DossierView, Status } from "../contracts/types";

/** A list of dossiers: what is asked of the server, and the same as a test of what is already known. */
export interface InboxView {
  id: string;
  icon: LucideIcon;
  keys: string;
  statuses: readonly Status[];
  assigned: "me" | "none" | "any";
}

const LIVE: readonly Status[] = ["open", "reopened", "waiting"];

export const INBOX_VIEWS: readonly InboxView[] = [
  { id: "mine", icon: UserRound, keys: "g m", statuses: LIVE, assigned: "me" },
  { id: "queue", icon: Inbox, keys: "g u", statuses: ["open", "reopened"], assigned: "none" },
  { id: "open", icon: Layers, keys: "g o", statuses: LIVE, assigned: "any" },
  { id: "waiting", icon: Clock3, keys: "g w", statuses: ["waiting"], assigned: "any" },
  { id: "closed", icon: CircleCheck, keys: "g c", statuses: ["closed"], assigned: "any" },
];

export function inboxView(id: string): InboxView {
  return INBOX_VIEWS.find((view) => view.id === id) ?? INBOX_VIEWS[2]!;
}

export interface InboxFilter {
  channel: string | null;
  q: string;
}

export function queryOf(view: InboxView, filter: InboxFilter, me: string): InboxQuery {
  const channel = filter.channel ?? undefined;
  // Who searches looks for a thing wherever it is, not in the list that happens to be open.
  if (filter.q.trim() !== "") return { status: [...LIVE, "closed"], channel, q: filter.q.trim() };
  return { status: view.statuses, assigned_to: { me, none: "none", any: undefined }[view.assigned], channel };
}

export function belongs(dossier: DossierView, view: InboxView, filter: InboxFilter, me: string): boolean {
  if (!view.statuses.includes(dossier.status)) return false;
  if (view.assigned === "me" && dossier.assigned_to?.id !== me) return false;
  if (view.assigned === "none" && dossier.assigned_to !== null) return false;
  return filter.channel === null || dossier.conversations.some((each) => each.conversation.channel === filter.channel);
}
