import { createContext, useContext } from "react";
import type { TimelineEntry } from "../contracts/types";

/** What can be done to things in the timeline, from wherever they are shown; corrections are asked for by `ask`. */
export interface TimelineActions {
  dossierId: string;
  /** Takes back what this entry says. */
  undo: (entry: TimelineEntry) => void;
  replyOn: (conversationId: string) => void;
  sendAgain: (commandId: string) => void;
  discard: (commandId: string) => void;
}

export const ActionsContext = createContext<TimelineActions | null>(null);

export function useActions(): TimelineActions {
  const actions = useContext(ActionsContext);
  if (actions === null) throw new Error("no timeline around this component");
  return actions;
}
