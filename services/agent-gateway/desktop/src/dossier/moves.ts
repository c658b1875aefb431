import type { EventOf, ReplyRequested, ReplyTarget, TimelineEntry } from "../contracts/types";
import { compareInstants } from "../fold";

/** What went when a conversation left: everything, or what is behind a cut. */
interface Leaving {
  seq: number;
  sinceSeq: number | null;
  sinceAt: string | null;
}

/**
 * What has moved away, or come back: a message is shown where it was linked last and has not been unlinked since,
 * and a target of a reply likewise (case-service, docs/view.md, "What a timeline shows").
 */
export class Moves {
  private readonly linked = new Map<string, number>();
  private readonly unlinked = new Map<string, number>();
  private readonly left = new Map<string, Leaving[]>();
  private readonly networks = new Map<string, string>();
  /** The newest word on each other dossier, and on the status of this one. */
  private readonly said = new Map<string, number>();

  constructor(entries: readonly TimelineEntry[]) {
    for (const entry of entries) this.take(entry);
  }

  showsMessage(event: EventOf<"message_linked">, entry: TimelineEntry): boolean {
    const key = messageKey(event.message.message_id);
    return this.stands(key, entry.seq) && !this.hasLeft(event.conversation_id, entry);
  }

  showsTarget(reply: ReplyRequested, target: ReplyTarget, entry: TimelineEntry): boolean {
    const conversationId = target.conversation.conversation_id;
    return this.stands(targetKey(reply.reply_id, conversationId), entry.seq) && !this.hasLeft(conversationId, entry);
  }

  /** Whether an agent can take back what this entry says; the beginning of a dossier can only be moved. */
  isUndoable(entry: TimelineEntry): boolean {
    const { event, seq } = entry;
    switch (event.type) {
      case "conversation_unlinked":
        return (this.linked.get(conversationKey(event.conversation_id)) ?? 0) < seq;
      case "message_unlinked":
        return (this.linked.get(messageKey(event.message_id)) ?? 0) < seq;
      case "conversation_linked":
        return event.because.rule !== "new" && this.holdsConversation(event, seq);
      case "message_linked":
        return event.because.rule !== "new" && this.showsMessage(event, entry);
      case "dossier_merged":
      case "dossier_unmerged":
      case "dossier_related":
      case "dossier_unrelated":
      case "status_changed":
        return this.said.get(aboutKey(event)) === seq && (event.type !== "status_changed" || isMerge(event));
      default:
        return false;
    }
  }

  /** A conversation does not name its network; the first message in it does. */
  networkOf(event: TimelineEntry["event"]): string | null {
    return event.type === "conversation_linked"
      ? (this.networks.get(event.conversation.conversation_id) ?? null)
      : null;
  }

  private take({ event, seq }: TimelineEntry): void {
    switch (event.type) {
      case "message_linked":
        this.linked.set(messageKey(event.message.message_id), seq);
        if (!this.networks.has(event.conversation_id)) {
          this.networks.set(event.conversation_id, event.message.sender.primary.identity.kind);
        }
        break;
      case "message_unlinked":
        this.unlinked.set(messageKey(event.message_id), seq);
        break;
      case "conversation_linked":
        this.linked.set(conversationKey(event.conversation.conversation_id), seq);
        break;
      case "conversation_unlinked": {
        this.unlinked.set(conversationKey(event.conversation_id), seq);
        // With no messages it takes nothing away: what was said stays, it goes on elsewhere.
        if (event.messages === 0) break;
        const before = this.left.get(event.conversation_id) ?? [];
        const leaving = { seq, sinceSeq: event.since_seq, sinceAt: event.since_at };
        this.left.set(event.conversation_id, [...before, leaving]);
        break;
      }
      case "reply_unlinked":
        for (const id of event.conversation_ids) this.unlinked.set(targetKey(event.reply_id, id), seq);
        break;
      case "reply_requested":
      case "reply_linked": {
        const reply = event.type === "reply_linked" ? event.reply : event;
        for (const target of reply.targets) {
          this.linked.set(targetKey(reply.reply_id, target.conversation.conversation_id), seq);
        }
        break;
      }
      case "dossier_merged":
      case "dossier_unmerged":
      case "dossier_related":
      case "dossier_unrelated":
      case "status_changed":
        this.said.set(aboutKey(event), seq);
    }
  }

  private holdsConversation(event: EventOf<"conversation_linked">, seq: number): boolean {
    return this.stands(conversationKey(event.conversation.conversation_id), seq);
  }

  /** Linked last by this entry, and not unlinked since. */
  private stands(key: string, seq: number): boolean {
    return this.linked.get(key) === seq && (this.unlinked.get(key) ?? 0) < seq;
  }

  private hasLeft(conversationId: string, entry: TimelineEntry): boolean {
    return (this.left.get(conversationId) ?? []).some((leaving) => leaving.seq > entry.seq && takes(leaving, entry));
  }
}

function takes({ sinceSeq, sinceAt }: Leaving, entry: TimelineEntry): boolean {
  if (sinceAt === null) return sinceSeq === null || entry.seq >= sinceSeq;
  const order = compareInstants(entry.occurred_at, sinceAt);
  return order > 0 || (order === 0 && entry.seq >= (sinceSeq ?? 0));
}

const isMerge = (event: EventOf<"status_changed">): boolean => event.merged_into !== null;
const messageKey = (id: string): string => `message:${id}`;
const conversationKey = (id: string): string => `conversation:${id}`;
const targetKey = (replyId: string, conversationId: string): string => `target:${replyId}:${conversationId}`;

type AboutDossiers = "dossier_merged" | "dossier_unmerged" | "dossier_related" | "dossier_unrelated" | "status_changed";

function aboutKey(event: EventOf<AboutDossiers>): string {
  switch (event.type) {
    case "dossier_merged":
    case "dossier_unmerged":
      return `merged:${event.dossier_id}`;
    case "dossier_related":
    case "dossier_unrelated":
      return `related:${event.dossier_id}`;
    case "status_changed":
      return "status";
  }
}
