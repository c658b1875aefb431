import { Store } from "../app/runtime";
import type { Command, DossierView, TimelineEntry } from "../contracts/types";

/** Something an agent wants to put right; where it goes is chosen next. */
export type Asked =
  | { what: "move-message"; dossierId: string; messageId: string }
  | { what: "move-conversation"; dossierId: string; conversationId: string }
  | { what: "split"; dossierId: string; conversationId: string; fromMessageId: string }
  | { what: "merge"; dossierId: string }
  | { what: "relate"; dossierId: string };

/** Where it goes: a dossier, a new one, or a new one of another customer. */
export type Goal =
  | { kind: "dossier"; dossier: DossierView }
  | { kind: "new" }
  | { kind: "customer"; customerId: string; name: string | null };

/** What is open: the choice of where to; with a goal the preview of what will move; or what stood in the way. */
export interface Asking {
  asked: Asked;
  goal: Goal | null;
  /** What another agent did since the preview was made: nothing has been done. */
  meanwhile: readonly TimelineEntry[] | null;
}

export const asking = new Store<Asking | null>(null);

export const ask = (asked: Asked, goal: Goal | null = null): void => asking.set({ asked, goal, meanwhile: null });

/** Where each kind of correction may go to. */
export const GOALS: Record<Asked["what"], readonly Goal["kind"][]> = {
  "move-message": ["new", "dossier", "customer"],
  "move-conversation": ["new", "dossier", "customer"],
  split: ["new", "dossier", "customer"],
  merge: ["dossier"],
  relate: ["dossier"],
};

/** The command that does it; null: the goal does not fit. */
export function commandOf(asked: Asked, goal: Goal): Command | null {
  const to = goal.kind === "dossier" ? goal.dossier.dossier_id : null;
  const customer = goal.kind === "customer" ? goal.customerId : null;
  switch (asked.what) {
    case "move-message":
      return { type: "move_message", message_id: asked.messageId, to_dossier_id: to, to_customer_id: customer };
    case "move-conversation":
      return {
        type: "move_conversation",
        conversation_id: asked.conversationId,
        to_dossier_id: to,
        to_customer_id: customer,
      };
    case "split":
      return {
        type: "split_conversation",
        conversation_id: asked.conversationId,
        from_message_id: asked.fromMessageId,
        to_dossier_id: to,
        to_customer_id: customer,
      };
    case "merge":
      return to === null ? null : { type: "merge_dossier", into_dossier_id: to };
    case "relate":
      return to === null ? null : { type: "relate_dossier", dossier_id: to };
  }
}
