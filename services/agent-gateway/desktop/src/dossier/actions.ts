import { createContext, useContext } from "react";

/** What can be done to things in the timeline, from wherever they are shown. */
export interface TimelineActions {
  undo: (seq: number) => void;
  /** Opens the choice of where to. */
  moveMessage: (messageId: string) => void;
  moveConversation: (conversationId: string) => void;
  unlinkMessage: (messageId: string) => void;
  unlinkConversation: (conversationId: string) => void;
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
