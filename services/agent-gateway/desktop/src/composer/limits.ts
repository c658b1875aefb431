import type { Attachment, ConversationView } from "../contracts/types";

/** What a channel does with an answer. */
export interface ChannelLimits {
  /** A longer text goes out in pieces of at most so many characters; null: in one. */
  pieceChars: number | null;
  /** Pictures only, or any file. */
  files: "any" | "pictures";
  hasSubject: boolean;
}

export function limitsOf(conversation: ConversationView): ChannelLimits {
  switch (conversation.conversation.channel) {
    case "email":
      return { pieceChars: null, files: "any", hasSubject: true };
    case "chat":
      return { pieceChars: null, files: "pictures", hasSubject: false };
    case "social":
      // Messenger Platform, “Send API”: 2,000 characters a message.
      return { pieceChars: 2000, files: "any", hasSubject: false };
    default:
      return { pieceChars: null, files: "any", hasSubject: false };
  }
}

export type Obstacle =
  { kind: "no-recipient" } | { kind: "window-expired"; at: string } | { kind: "files"; names: string[] };

/** What keeps an answer with these files from going out on this conversation; null: nothing. */
export function obstacleOf(view: ConversationView, attachments: readonly Attachment[], now: number): Obstacle | null {
  if (view.identity === null) return { kind: "no-recipient" };
  const window = view.reply_window_ends_at;
  if (window !== null && Date.parse(window) <= now) return { kind: "window-expired", at: window };
  if (limitsOf(view).files === "pictures") {
    const names = attachments.filter((each) => !each.media_type.startsWith("image/")).map((each) => each.filename);
    if (names.length > 0) return { kind: "files", names };
  }
  return null;
}

/** The text in the pieces in which it goes out: cut where words end, as the deliver role of the channel does. */
export function piecesOf(text: string, pieceChars: number | null): string[] {
  if (pieceChars === null) return [text.trim()];
  const pieces: string[] = [];
  let rest = Array.from(text.trim());
  while (rest.length > pieceChars) {
    const last = Math.max(rest.lastIndexOf("\n", pieceChars - 1), rest.lastIndexOf(" ", pieceChars - 1));
    const at = last > pieceChars / 2 ? last : pieceChars;
    pieces.push(rest.slice(0, at).join("").trimEnd());
    rest = Array.from(rest.slice(at).join("").trimStart());
  }
  return rest.length > 0 ? [...pieces, rest.join("")] : pieces;
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
