import type { Attachment, ConversationView } from "../contracts/types";

/** What a channel takes. Lengths in characters, sizes in bytes. */
export interface ChannelLimits {
  /** Longest text of one message; null: none that matters. Messenger Platform, Send API: 2000. */
  textChars: number | null;
  /** Pictures only, or any file. */
  files: "any" | "pictures";
  hasSubject: boolean;
}

export function limitsOf(conversation: ConversationView): ChannelLimits {
  switch (conversation.conversation.channel) {
    case "email":
      return { textChars: null, files: "any", hasSubject: true };
    case "chat":
      return { textChars: null, files: "pictures", hasSubject: false };
    case "social":
      return { textChars: 2_000, files: "pictures", hasSubject: false };
    default:
      return { textChars: null, files: "any", hasSubject: false };
  }
}

export type Obstacle =
  | { kind: "no-recipient" }
  | { kind: "window-expired"; at: string }
  | { kind: "too-long"; limit: number; over: number }
  | { kind: "files"; names: string[] };

/** What keeps this text from going out on this conversation; null: nothing. */
export function obstacleOf(view: ConversationView, text: string, attachments: readonly Attachment[], now: number): Obstacle | null {
  const limits = limitsOf(view);
  if (view.identity === null) return { kind: "no-recipient" };
  const window = view.reply_window_ends_at;
  if (window !== null && Date.parse(window) <= now) return { kind: "window-expired", at: window };
  const length = Array.from(text).length;
  if (limits.textChars !== null && length > limits.textChars) {
    return { kind: "too-long", limit: limits.textChars, over: length - limits.textChars };
  }
  if (limits.files === "pictures") {
    const names = attachments.filter((each) => !each.media_type.startsWith("image/")).map((each) => each.filename);
    if (names.length > 0) return { kind: "files", names };
  }
  return null;
}

const MARKDOWN = /(\*\*[^*\n]+\*\*|__[^_\n]+__|^#{1,4} |`[^`\n]+`|\[[^\]\n]+\]\([^)\n]+\))/m;

/** Whether the text looks formatted: all channels take plain text, so the signs would be seen as they are. */
export const looksFormatted = (text: string): boolean => MARKDOWN.test(text);

/** The conversation that the customer wrote in last: where an answer is expected. */
export function expectedTarget(conversations: readonly ConversationView[], lastChannel: string | null): string | null {
  const dated = conversations.filter((each) => each.last_message_at !== null);
  dated.sort((a, b) => Date.parse(b.last_message_at!) - Date.parse(a.last_message_at!));
  const found = dated.find((each) => each.conversation.channel === lastChannel) ?? dated[0] ?? conversations[0];
  return found?.conversation.conversation_id ?? null;
}
