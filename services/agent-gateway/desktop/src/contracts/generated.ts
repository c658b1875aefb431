// Generated from libs/contracts/schemas by `npm run generate`. Do not edit.

/**
 * How sure an identity is. `claimed`: typed, or a From header without proof. `channel`: the platform vouches
 * for the account. `verified`: DMARC-aligned mail, an identity signed by the host site, an agent's confirmation.
 */
export type Assurance = "claimed" | "channel" | "verified";
/**
 * `waiting`: for the customer. `reopened`: was closed, and the customer came back.
 */
export type Status = "open" | "waiting" | "closed" | "reopened";
export type DeliveryState = "sent" | "delivered" | "read" | "failed";
export type StreamMessage =
  StreamHello | StreamEvents | StreamCustomers | StreamPresence | StreamLive | StreamPing | StreamReset;

/**
 * Who did something.
 */
export interface Actor {
  /**
   * What kind of actor.
   */
  kind: string;
  /**
   * Customer id, agent id (`sub` of the token), or the name of the service.
   */
  id: string;
  /**
   * What people call the actor.
   */
  name: string | null;
}
/**
 * Write a note that only agents see.
 */
export interface AddNote {
  type: "add_note";
  /**
   * The note.
   */
  text: string;
}
/**
 * Give the dossier to an agent.
 */
export interface Assign {
  type: "assign";
  agent: Actor;
}
/**
 * An agent holds the dossier from here on.
 */
export interface Assigned {
  type: "assigned";
  agent: Actor;
}
/**
 * The handle became surer, or was proven by something that had not proven it before.
 */
export interface AssuranceChange {
  assurance: Assurance;
  /**
   * When a message or an agent brought it.
   */
  at: string;
  /**
   * What it rests on: `dmarc-pass` {domain}, `signed-by-site` {key}, `agent-confirmed` {agent}, …
   */
  evidence: Evidence[];
}
/**
 * One fact that a decision rests on. Readers translate `code`; `values` are its blanks.
 */
export interface Evidence {
  /**
   * Stable slug of the fact, such as `dmarc-pass` or `same-conversation`.
   */
  code: string;
  /**
   * What fills the fact's sentence, by name.
   */
  values: {
    [k: string]: string;
  };
}
/**
 * A handle with what is known of its truth, as the channel saw it with this message.
 */
export interface AssuredIdentity {
  identity: Identity;
  assurance: Assurance;
  /**
   * What the assurance rests on, e.g. `dmarc-pass`.
   */
  evidence: Evidence[];
}
/**
 * A handle on a channel. `kind` is open: `email`, `email-unproven`, `phone`, `visitor`, `shop-account`,
 * `messenger`, …; `value` is normalised so that equal handles are equal strings.
 */
export interface Identity {
  /**
   * What kind of handle.
   */
  kind: string;
  /**
   * The handle, normalised.
   */
  value: string;
}
/**
 * A file in the blob store, which is content-addressed.
 */
export interface Attachment {
  /**
   * Address of the content in the blob store.
   */
  sha256: string;
  /**
   * Name shown to people; never a path.
   */
  filename: string;
  /**
   * Media type, e.g. `image/png`.
   */
  media_type: string;
  /**
   * Size in bytes.
   */
  size_bytes: number;
  /**
   * Shown inside the text rather than listed below it.
   */
  inline: boolean;
}
/**
 * Why a link was made: the rule that fired and what it rests on.
 */
export interface Because {
  /**
   * `token`, `thread`, `customer`, `new`, `follow-up`, `identity`, `agent`, …
   */
  rule: string;
  /**
   * The facts, most telling first.
   */
  evidence: Evidence[];
  /**
   * The identity link that caused this, where one did.
   */
  link_id: string | null;
}
/**
 * Set the status.
 */
export interface ChangeStatus {
  type: "change_status";
  status: Status;
}
/**
 * A command and its id. Sent again with the same id, it takes effect once and gets the same answer.
 */
export interface CommandRequest {
  /**
   * Chosen by the client.
   */
  command_id: string;
  /**
   * What to do.
   */
  command:
    | Reply
    | AddNote
    | ChangeStatus
    | Assign
    | Unassign
    | MoveConversation
    | MoveMessage
    | SplitConversation
    | MergeDossier
    | RelateDossier
    | UnrelateDossier
    | Undo
    | ResolveSuggestion;
  /**
   * The last entry the agent saw. What moves or relates is refused (`dossier-changed`) if another agent has moved or related something in this dossier since; null: whatever has happened.
   */
  seen_seq: number | null;
}
/**
 * Answer on one or several conversations of the dossier at once.
 */
export interface Reply {
  type: "reply";
  /**
   * Plain text; may be empty with attachments.
   */
  text: string;
  /**
   * Files, in the order of the message.
   */
  attachments: Attachment[];
  /**
   * Where it goes out.
   */
  conversation_ids: string[];
  /**
   * Status to set with it; null leaves it.
   */
  status_after: Status | null;
  /**
   * The last entry the agent saw; a reply by somebody else since is a conflict.
   */
  seen_seq: number;
}
/**
 * Give the dossier back to the queue.
 */
export interface Unassign {
  type: "unassign";
}
/**
 * Link a conversation to another dossier; without one: unlink it, into a new dossier of its own.
 */
export interface MoveConversation {
  type: "move_conversation";
  /**
   * The conversation.
   */
  conversation_id: string;
  /**
   * The dossier that it goes to; null: a new one of its own.
   */
  to_dossier_id: string | null;
  /**
   * The customer whose new dossier it goes to; not together with `to_dossier_id`. Null: whoever wrote it.
   */
  to_customer_id: string | null;
}
/**
 * Link one message to another dossier; without one: into a new dossier of its own.
 *
 * The only one of its conversation takes the conversation along. Otherwise it is read there, and answered here.
 */
export interface MoveMessage {
  type: "move_message";
  /**
   * The message.
   */
  message_id: string;
  /**
   * The dossier that it goes to; null: a new one of its own.
   */
  to_dossier_id: string | null;
  /**
   * The customer whose new dossier it goes to; not together with `to_dossier_id`. Null: whoever wrote it.
   */
  to_customer_id: string | null;
}
/**
 * Link the later part of a conversation to another dossier; without one: to a new dossier of its own.
 *
 * That message and all that was said in the conversation behind it go, and the conversation goes on there.
 * What was said before stays here to be read.
 */
export interface SplitConversation {
  type: "split_conversation";
  /**
   * The conversation.
   */
  conversation_id: string;
  /**
   * The first message that goes.
   */
  from_message_id: string;
  /**
   * The dossier that it goes to; null: a new one of its own.
   */
  to_dossier_id: string | null;
  /**
   * The customer whose new dossier it goes to; not together with `to_dossier_id`. Null: whoever wrote it.
   */
  to_customer_id: string | null;
}
/**
 * Move everything of this dossier into another one, and close it. Its notes and its assignment stay with it.
 */
export interface MergeDossier {
  type: "merge_dossier";
  /**
   * The dossier that gets everything.
   */
  into_dossier_id: string;
}
/**
 * Say that another dossier has to do with this one. Both show it; nothing moves.
 */
export interface RelateDossier {
  type: "relate_dossier";
  /**
   * The other dossier.
   */
  dossier_id: string;
}
/**
 * Say that another dossier has nothing to do with this one.
 */
export interface UnrelateDossier {
  type: "unrelate_dossier";
  /**
   * The other dossier.
   */
  dossier_id: string;
}
/**
 * Take back what an entry of this dossier says, whoever or whatever did it; also an undo.
 *
 * `conversation_linked`, `message_linked`: what came returns to where it was, with what was said in it since, or gets
 * a dossier of its own; what had stood here before stays. `conversation_unlinked`, `message_unlinked`: it comes back,
 * from wherever it is now. A merge is taken back as a whole by `status_changed` with `merged_into` in the dossier that
 * was merged, or by `dossier_merged` in the one that got everything; and that again by `dossier_unmerged`.
 * `dossier_related`, `dossier_unrelated`: the other way round, in both.
 */
export interface Undo {
  type: "undo";
  /**
   * The entry.
   */
  seq: number;
}
/**
 * Accept or refuse a suggestion. Accepting `same-customer` links the identity, which then brings the rest.
 */
export interface ResolveSuggestion {
  type: "resolve_suggestion";
  /**
   * The suggestion.
   */
  suggestion_id: string;
  /**
   * Whether the agent says yes.
   */
  accept: boolean;
}
/**
 * What a command did: the dossier (a new one for an unlink) and its newest `seq`.
 */
export interface CommandResult {
  /**
   * The dossier that was asked.
   */
  dossier_id: string;
  /**
   * The newest entry.
   */
  seq: number;
  /**
   * Where something moved to.
   */
  to_dossier_id: string | null;
}
/**
 * Two values where a person has one: two birthdays, two loyalty numbers. None wins.
 */
export interface Conflict {
  /**
   * `birthday`, `loyalty-number`, `name`, ….
   */
  attribute: string;
  /**
   * Every value with its source and date, newest first.
   */
  values: SourcedValue[];
}
/**
 * A value, who says so, and since when.
 */
export interface SourcedValue {
  /**
   * The attribute, such as `birthday`.
   */
  name: string;
  /**
   * What the source says it is.
   */
  value: string;
  /**
   * Who says so.
   */
  source: string;
  /**
   * When it became true at the source.
   */
  at: string;
}
/**
 * A consent or an opt-out, who says so, and since when.
 */
export interface Consent {
  /**
   * The channel that it is about.
   */
  channel: string;
  /**
   * What for.
   */
  purpose: string;
  /**
   * false: an opt-out.
   */
  granted: boolean;
  /**
   * Who says so.
   */
  source: string;
  /**
   * When it became true at the source.
   */
  at: string;
}
/**
 * A moment of a customer's journey: something they wrote, were answered, ordered, or did in a store.
 */
export interface Contact {
  /**
   * When it happened in the world.
   */
  at: string;
  /**
   * `record`: `record` says what.
   */
  kind: "message" | "reply" | "record";
  /**
   * The channel; of a reply on several the first.
   */
  channel: string | null;
  /**
   * The dossier that it is in; null for records.
   */
  dossier_id: string | null;
  /**
   * What people call the dossier aloud.
   */
  number: string | null;
  /**
   * The conversation; of a reply on several the first.
   */
  conversation_id: string | null;
  /**
   * Who wrote, as people call them.
   */
  author: string | null;
  /**
   * The first 140 characters.
   */
  text: string | null;
  /**
   * The external record.
   */
  record: SourcedRecord | null;
}
/**
 * An external record and who keeps it.
 */
export interface SourcedRecord {
  /**
   * `order`, `cart`, `store-visit`, `invoice`, …
   */
  kind: string;
  /**
   * Unique for the source and kind.
   */
  record_id: string;
  /**
   * One line that says what it is, in the customer's or company's words.
   */
  title: string;
  /**
   * Such as `shipped`, as the source says it.
   */
  state: string | null;
  /**
   * When it happened in the world: ordered, filled, visited.
   */
  at: string;
  /**
   * Such as `129.90 EUR`, as people shall read it.
   */
  amount: string | null;
  /**
   * Where an agent sees more; https only.
   */
  url: string | null;
  /**
   * Numbers that it goes by.
   *
   * @maxItems 10
   */
  references: ExternalReference[];
  /**
   * The source has it no more.
   */
  removed: boolean;
  /**
   * Who keeps it.
   */
  source: string;
}
/**
 * A number that people name: order 4711, parcel 6A1.
 */
export interface ExternalReference {
  /**
   * What it is the number of: `order`, `invoice`, `parcel`, …
   */
  kind: string;
  /**
   * The number as people write it.
   */
  number: string;
}
/**
 * A thread inside one channel and account, and how to answer in it.
 */
export interface Conversation {
  /**
   * `ids.conversation_id(channel, account, key)`; worked out where it is absent.
   */
  conversation_id: string;
  /**
   * The channel.
   */
  channel: string;
  /**
   * The configured end: mailbox, widget, page.
   */
  account: string;
  /**
   * What identifies the thread inside the account.
   */
  key: string;
}
/**
 * A conversation belongs to this dossier from here on.
 */
export interface ConversationLinked {
  type: "conversation_linked";
  conversation: Conversation;
  because: Because;
  /**
   * The dossier that had it before.
   */
  moved_from: string | null;
  /**
   * Conversations from which agents have parted it, wherever those are: no rule joins them again.
   */
  parted_from: string[];
}
/**
 * A conversation, with what was said in it, has moved to another dossier.
 *
 * Without `since_seq` all that stands here of it goes along. With it, what is behind that cut, and the rest stays
 * here to be read: with `since_at` (a split), what comes from (`since_at`, `since_seq`) on in the order in which
 * people read, (`occurred_at`, `seq`); without (something taken back), the entries from `since_seq` on.
 */
export interface ConversationUnlinked {
  type: "conversation_unlinked";
  /**
   * The conversation.
   */
  conversation_id: string;
  /**
   * The dossier that has it now.
   */
  moved_to: string;
  /**
   * How many messages and replies went with it; 0: what was said stays, it goes on there.
   */
  messages: number;
  because: Because;
  /**
   * The first entry that went; null: all of it went.
   */
  since_seq: number | null;
  /**
   * When that was said; null: the cut goes by `seq` alone.
   */
  since_at: string | null;
  /**
   * The message at which it was split.
   */
  since_message_id: string | null;
  /**
   * Conversations that stay here and from which an agent parted it: no rule joins them again.
   */
  parted_from: string[];
}
/**
 * A conversation of a dossier, as the fold of its events has it.
 */
export interface ConversationView {
  conversation: Conversation;
  /**
   * The customer's handle in it; whom an answer goes to.
   */
  identity: Identity | null;
  /**
   * Assurance of that handle with the last message.
   */
  assurance: string | null;
  /**
   * The sender's name as the channel shows it.
   */
  display_name: string | null;
  /**
   * When the newest message of it came.
   */
  last_message_at: string | null;
  /**
   * Until when the network lets us answer; null: no limit.
   */
  reply_window_ends_at: string | null;
  because: Because;
}
/**
 * A customer with their dossiers, newest activity first.
 */
export interface CustomerCard {
  customer: CustomerChanged;
  /**
   * Newest activity first.
   */
  dossiers: DossierView[];
  /**
   * The channel that they are best written to.
   */
  preferred_channel: string | null;
  /**
   * `stated`: a source says so. `journey`: where they wrote most in the last 90 days.
   */
  preferred_channel_from: ("stated" | "journey") | null;
}
/**
 * The whole state of a customer after a change, on `customer.events.v1` (compacted), keyed by customer id.
 */
export interface CustomerChanged {
  /**
   * The customer.
   */
  customer_id: string;
  /**
   * Grows with every change of this customer.
   */
  version: number;
  /**
   * The name to call the customer by.
   */
  display_name: string | null;
  /**
   * BCP 47 tags, most used first.
   */
  languages: string[];
  /**
   * The handles that are theirs now, the surest first, at most 400.
   */
  identities: LinkedIdentity[];
  /**
   * Identities that went to other customers.
   */
  released: ReleasedIdentity[];
  /**
   * The customer who has all identities of this one, if one has.
   */
  merged_into: string | null;
  /**
   * Merges into this one that hold, newest first.
   */
  merges: CustomerMerge[];
  /**
   * When the first message came.
   */
  first_seen_at: string;
  /**
   * When this change was made.
   */
  changed_at: string;
  /**
   * What a CRM, shop or till says of them; null: nothing.
   */
  profile: Profile | null;
  /**
   * Set: the person was erased; keep nothing of them. They are never known under this id again.
   */
  erased_at: string | null;
}
/**
 * An identity of a customer, since when, and why.
 */
export interface LinkedIdentity {
  identity: Identity;
  /**
   * Other spellings that it came in, newest last; messages and answers have the handle so.
   */
  as_written: string[];
  assurance: Assurance;
  /**
   * The link; undoing it names this.
   */
  link_id: string;
  /**
   * When it was linked.
   */
  since: string;
  because: Because;
  actor: Actor;
  /**
   * Several persons use it: it proves nobody, and never links by itself.
   */
  shared: boolean;
  /**
   * Why it is taken for shared.
   */
  shared_because: Because | null;
  /**
   * How sure it was, newest last; the first is kept.
   */
  history: AssuranceChange[];
}
/**
 * An identity that was this customer's and is now another's.
 */
export interface ReleasedIdentity {
  identity: Identity;
  /**
   * Other spellings that it came in, newest last.
   */
  as_written: string[];
  /**
   * The customer who has it now.
   */
  to_customer_id: string;
  /**
   * The link that took it away.
   */
  link_id: string;
  /**
   * When it happened.
   */
  at: string;
  because: Because;
  actor: Actor;
}
/**
 * Another customer's identities are this one's since then. It holds, and can be taken back.
 */
export interface CustomerMerge {
  /**
   * The merge; undoing it names this.
   */
  merge_id: string;
  /**
   * The customer who went into this one.
   */
  other_customer_id: string;
  /**
   * What that customer is called.
   */
  other_name: string | null;
  /**
   * When they were merged.
   */
  at: string;
  because: Because;
  actor: Actor;
}
/**
 * What others say of a customer. Nothing wins silently: every source's newest word is here.
 */
export interface Profile {
  /**
   * By name, of each the newest first.
   */
  attributes: SourcedValue[];
  /**
   * Names of attributes that have more than one value, where a person has one.
   */
  conflicts: string[];
  /**
   * By channel and purpose; the first of each pair holds: the newest, of two at once the opt-out.
   */
  consents: Consent[];
  /**
   * The channel that they asked for, as it was said last.
   */
  preferred_channel: string | null;
  /**
   * The newest 20, newest first.
   */
  records: SourcedRecord[];
}
/**
 * A dossier as agents see it, without its timeline. The fold of all events up to `seq`, and nothing else.
 */
export interface DossierView {
  /**
   * The dossier.
   */
  dossier_id: string;
  /**
   * The newest entry that is folded in.
   */
  seq: number;
  /**
   * What people call it aloud: `D-7K3F-92QX`.
   */
  number: string;
  /**
   * The customer.
   */
  customer_id: string;
  /**
   * The customer's name.
   */
  customer_name: string | null;
  status: Status;
  /**
   * What it is about.
   */
  subject: string | null;
  /**
   * The agent who holds it.
   */
  assigned_to: Actor | null;
  /**
   * In the order in which they came.
   */
  conversations: ConversationView[];
  /**
   * Those that nobody has decided yet.
   */
  suggestions: Suggestion[];
  /**
   * The newest message or reply.
   */
  last_message: LastMessage | null;
  /**
   * How many messages and replies it holds.
   */
  messages: number;
  /**
   * Since when the customer waits for an answer.
   */
  unanswered_since: string | null;
  /**
   * The closed dossier that this one follows up.
   */
  follows: string | null;
  /**
   * Where everything went, if it was closed for being empty.
   */
  merged_into: string | null;
  /**
   * In the order in which they were named.
   */
  related: RelatedDossier[];
  /**
   * When it was opened.
   */
  opened_at: string;
  /**
   * `occurred_at` of the newest entry; the inbox sorts by it.
   */
  last_entry_at: string;
}
/**
 * Two things that may belong together; an agent decides.
 */
export interface Suggestion {
  /**
   * The suggestion.
   */
  suggestion_id: string;
  /**
   * `same-customer`: accepting links the identity. `same-matter`: accepting moves the conversation.
   */
  kind: "same-customer" | "same-matter";
  /**
   * The conversation of this dossier that it is about.
   */
  conversation_id: string;
  /**
   * The handle that would be linked.
   */
  identity: Identity | null;
  /**
   * The candidate customer.
   */
  customer_id: string | null;
  /**
   * The candidate's name.
   */
  customer_name: string | null;
  /**
   * The candidate's live dossier, where there is one.
   */
  dossier_id: string | null;
  because: Because;
}
/**
 * What an inbox shows of a dossier.
 */
export interface LastMessage {
  /**
   * The message.
   */
  message_id: string;
  /**
   * The channel that it came by.
   */
  channel: string;
  /**
   * When it was written.
   */
  at: string;
  /**
   * Which side wrote it.
   */
  author: "customer" | "company";
  /**
   * The first 140 characters.
   */
  text: string;
}
/**
 * A dossier that an agent said has to do with this one.
 */
export interface RelatedDossier {
  /**
   * The dossier.
   */
  dossier_id: string;
  /**
   * What people call it aloud.
   */
  number: string;
}
/**
 * What was said by and about a person is gone from the entries before this one; their `seq`, ids and rules stay.
 *
 * Whoever keeps entries of this dossier fetches them again, or empties every field that is marked as personal in them.
 */
export interface CustomerErased {
  type: "customer_erased";
  /**
   * Who was erased: the customer, and those merged into them.
   */
  customer_ids: string[];
  /**
   * Whether the dossier itself was theirs: its customer's name is gone, too.
   */
  is_theirs: boolean;
  /**
   * Whether the subject was theirs, and is gone.
   */
  subject: boolean;
  /**
   * Conversations that were theirs alone: key, handle and name are gone.
   */
  conversation_ids: string[];
  /**
   * Conversations of others that showed a handle of theirs.
   */
  handles_in: string[];
  /**
   * Whether the text of the last message was theirs, and is gone.
   */
  last_message: boolean;
}
/**
 * The dossier is now this customer's: two customers turned out to be one, or one to be two.
 */
export interface CustomerReassigned {
  type: "customer_reassigned";
  /**
   * The customer.
   */
  customer_id: string;
  /**
   * The customer's name.
   */
  customer_name: string | null;
  /**
   * Which of this customer's dossiers it has become; claimed.
   */
  ordinal: number;
  /**
   * The customer who had it before.
   */
  previous_customer_id: string;
  because: Because;
}
/**
 * What became of a reply on one conversation.
 */
export interface DeliveryUpdated {
  type: "delivery_updated";
  /**
   * The outbound message.
   */
  outbound_id: string;
  /**
   * The conversation.
   */
  conversation_id: string;
  state: DeliveryState;
  /**
   * Why it failed, as a sentence for the agent.
   */
  reason: string | null;
  /**
   * The id that the network gave it.
   */
  provider_message_id: string | null;
}
/**
 * A timeline entry as it is published on `dossier.events.v1`, keyed by dossier id, in the order of `seq`.
 */
export interface DossierEvent {
  /**
   * The dossier.
   */
  dossier_id: string;
  entry: TimelineEntry;
}
/**
 * One line of the log of a dossier.
 */
export interface TimelineEntry {
  /**
   * Gapless inside the dossier, from 1.
   */
  seq: number;
  /**
   * When it was appended; never decreases inside a dossier.
   */
  at: string;
  /**
   * When it happened in the world: what people sort and read by.
   */
  occurred_at: string;
  actor: Actor;
  /**
   * Unique everywhere: the same effect is never appended twice.
   */
  effect_id: string;
  /**
   * What happened.
   */
  event:
    | DossierOpened
    | ConversationLinked
    | ConversationUnlinked
    | MessageLinked
    | MessageUnlinked
    | ReplyRequested
    | ReplyLinked
    | ReplyUnlinked
    | DeliveryUpdated
    | NoteAdded
    | StatusChanged
    | DossierMerged
    | DossierUnmerged
    | DossierRelated
    | DossierUnrelated
    | Assigned
    | Unassigned
    | SuggestionMade
    | SuggestionResolved
    | CustomerReassigned
    | CustomerErased;
}
/**
 * The first entry of every dossier.
 */
export interface DossierOpened {
  type: "dossier_opened";
  /**
   * The customer.
   */
  customer_id: string;
  /**
   * The customer's name at that time.
   */
  customer_name: string | null;
  /**
   * The customer's n-th dossier; claimed by a unique index.
   */
  ordinal: number;
  /**
   * What people call the dossier aloud: `D-7K3F-92QX`.
   */
  number: string;
  /**
   * What it is about, in a few words.
   */
  subject: string | null;
  because: Because;
  /**
   * The closed dossier that this one follows up.
   */
  follows: string | null;
}
/**
 * A message of the customer (or an echo of the company's own) is in this dossier.
 */
export interface MessageLinked {
  type: "message_linked";
  message: InboundMessage;
  /**
   * The conversation it was found to be part of.
   */
  conversation_id: string;
  /**
   * Who wrote it, as identified.
   */
  customer_id: string;
  /**
   * Whether the sender was at least channel-assured.
   */
  assured: boolean;
  because: Because;
  /**
   * The dossier that had it before.
   */
  moved_from: string | null;
}
/**
 * A message as an ingest service (or an integrator) publishes it to `inbound.<channel>.v1`, keyed by
 * `sender.primary.identity.key`.
 */
export interface InboundMessage {
  /**
   * `ids.message_id(channel, account, provider_message_id)`; worked out where it is absent.
   */
  message_id: string;
  /**
   * The channel that it came by.
   */
  channel: string;
  /**
   * The configured end: mailbox, widget, page.
   */
  account: string;
  /**
   * The provider's id of the message.
   */
  provider_message_id: string;
  conversation: Conversation;
  /**
   * Provider ids of earlier messages of the thread, newest first.
   */
  ancestors: string[];
  /**
   * What looks like a reference that we minted; unchecked.
   */
  references: string[];
  sender: Sender;
  /**
   * Others in the conversation.
   */
  participants: Participant[];
  /**
   * `echo`: the company's own words, written outside of Omnifil (a page's inbox, say).
   */
  direction: "inbound" | "echo";
  /**
   * Why this is no person's word: `auto-reply`, `bounce`, `list`.
   */
  automatic: string | null;
  /**
   * Subject line.
   */
  subject: string | null;
  /**
   * Plain text, without what the thread already said.
   */
  text: string;
  /**
   * Sanitised HTML, safe to show in a frame.
   */
  html: string | null;
  /**
   * BCP 47 tag, where the channel knows it.
   */
  language: string | null;
  /**
   * Files, in the order of the message.
   */
  attachments: Attachment[];
  /**
   * The original as it came, in the blob store.
   */
  raw: Attachment | null;
  /**
   * When the sender says it was sent.
   */
  sent_at: string | null;
  /**
   * When our ingest took it.
   */
  received_at: string;
  /**
   * Until when the network lets us answer; null: no limit.
   */
  reply_window_ends_at: string | null;
}
/**
 * Who wrote: the handle that the channel knows, and others that came with it.
 */
export interface Sender {
  primary: AssuredIdentity1;
  /**
   * Further handles: signed by the site, or only typed.
   */
  others: AssuredIdentity[];
  /**
   * As the channel shows it; proves nothing.
   */
  display_name: string | null;
}
/**
 * The handle that the channel itself works with.
 */
export interface AssuredIdentity1 {
  identity: Identity;
  assurance: Assurance;
  /**
   * What the assurance rests on, e.g. `dmarc-pass`.
   */
  evidence: Evidence[];
}
/**
 * Somebody else who takes part in the conversation, such as a person in copy.
 */
export interface Participant {
  identity: Identity;
  /**
   * How they take part.
   */
  role: "to" | "cc" | "member";
  /**
   * As the channel shows it.
   */
  display_name: string | null;
}
/**
 * A message has moved to another dossier.
 */
export interface MessageUnlinked {
  type: "message_unlinked";
  /**
   * The message.
   */
  message_id: string;
  /**
   * The conversation.
   */
  conversation_id: string;
  /**
   * The dossier that has it now.
   */
  moved_to: string;
  because: Because;
}
/**
 * An agent answers, on one or several conversations at once. The relay turns each target into a `SendMessage`.
 */
export interface ReplyRequested {
  type: "reply_requested";
  /**
   * The reply.
   */
  reply_id: string;
  /**
   * What the agent wrote, plain text.
   */
  text: string;
  /**
   * Files, in the order of the message.
   */
  attachments: Attachment[];
  /**
   * The conversations that it goes out on.
   */
  targets: ReplyTarget[];
}
/**
 * One conversation that a reply goes out on.
 */
export interface ReplyTarget {
  /**
   * `ids.outbound_id(reply_id, conversation_id)`.
   */
  outbound_id: string;
  conversation: Conversation;
  recipient: Identity1;
  /**
   * People in copy, where the channel has such a thing.
   */
  copies: Participant[];
  /**
   * Subject line, where the channel has one.
   */
  subject: string | null;
  /**
   * Provider id of the message that is answered.
   */
  in_reply_to: string | null;
  /**
   * Provider ids of the thread, newest first.
   */
  ancestors: string[];
  /**
   * The reference that we minted; comes back with an answer.
   */
  reference: string;
  /**
   * Until when the network takes it; null: no limit.
   */
  window_ends_at: string | null;
}
/**
 * A handle on a channel. `kind` is open: `email`, `email-unproven`, `phone`, `visitor`, `shop-account`,
 * `messenger`, …; `value` is normalised so that equal handles are equal strings.
 */
export interface Identity1 {
  /**
   * What kind of handle.
   */
  kind: string;
  /**
   * The handle, normalised.
   */
  value: string;
}
/**
 * A reply that went out from another dossier, in a conversation that has moved here. It is not sent again.
 */
export interface ReplyLinked {
  type: "reply_linked";
  reply: ReplyRequested;
  agent: Actor;
  /**
   * Last state by outbound id.
   */
  states: {
    [k: string]: DeliveryState;
  };
  /**
   * The dossier that had it before.
   */
  moved_from: string;
  /**
   * Whether the reply stands here already, on other conversations: it is counted once.
   */
  joins: boolean;
}
/**
 * A reply whose conversation is elsewhere has moved to another dossier, with everything or back from it.
 */
export interface ReplyUnlinked {
  type: "reply_unlinked";
  /**
   * The reply.
   */
  reply_id: string;
  /**
   * Its targets that went.
   */
  conversation_ids: string[];
  /**
   * The dossier that has them now.
   */
  moved_to: string;
  /**
   * Whether other targets of it stand here still: it is still counted.
   */
  stays: boolean;
  because: Because;
}
/**
 * A note that only agents see.
 */
export interface NoteAdded {
  type: "note_added";
  /**
   * The note.
   */
  note_id: string;
  /**
   * The note.
   */
  text: string;
}
/**
 * The status is another from here on.
 */
export interface StatusChanged {
  type: "status_changed";
  status: Status;
  because: Because;
  /**
   * Where everything went, if this was closed for being empty.
   */
  merged_into: string | null;
}
/**
 * All that was in another dossier moves here. That one is closed, with `merged_into`; its history stays there.
 */
export interface DossierMerged {
  type: "dossier_merged";
  /**
   * The other dossier.
   */
  dossier_id: string;
  /**
   * What people call it aloud.
   */
  number: string;
  because: Because;
}
/**
 * A merge was taken back: what another dossier brought, and what was said in it since, has gone there again.
 */
export interface DossierUnmerged {
  type: "dossier_unmerged";
  /**
   * The other dossier.
   */
  dossier_id: string;
  /**
   * What people call it aloud.
   */
  number: string;
  because: Because;
}
/**
 * Another dossier has to do with this one, and each stays itself. It says the same of this one.
 */
export interface DossierRelated {
  type: "dossier_related";
  /**
   * The other dossier.
   */
  dossier_id: string;
  /**
   * What people call it aloud.
   */
  number: string;
  because: Because;
}
/**
 * Another dossier has nothing to do with this one any more. It says the same of this one.
 */
export interface DossierUnrelated {
  type: "dossier_unrelated";
  /**
   * The other dossier.
   */
  dossier_id: string;
  because: Because;
}
/**
 * Nobody holds the dossier from here on.
 */
export interface Unassigned {
  type: "unassigned";
}
/**
 * Something may belong together; an agent is asked.
 */
export interface SuggestionMade {
  type: "suggestion_made";
  suggestion: Suggestion;
}
/**
 * An agent decided a suggestion, or it has become moot.
 */
export interface SuggestionResolved {
  type: "suggestion_resolved";
  /**
   * The suggestion.
   */
  suggestion_id: string;
  /**
   * Whether the agent said yes.
   */
  accepted: boolean;
}
/**
 * A dossier with the newest part of its timeline, oldest first.
 */
export interface DossierSnapshot {
  /**
   * Where the live stream continues this snapshot; opaque.
   */
  cursor: string;
  dossier: DossierView;
  /**
   * The newest entries, oldest first.
   */
  timeline: TimelineEntry[];
  /**
   * Whether entries before the first one exist.
   */
  has_earlier: boolean;
}
/**
 * An erasure: who asked for it, how far it is, and how much went.
 */
export interface Erasure {
  /**
   * The command's id.
   */
  erasure_id: string;
  /**
   * The customer.
   */
  customer_id: string;
  /**
   * With those who had been merged into them.
   */
  customer_ids: string[];
  /**
   * `planned`: a dry run, nothing was done.
   */
  state: "planned" | "running" | "done";
  /**
   * What is being done: `identities`, `drain`, `timelines`, `copies`, `topics`, …
   */
  step: string;
  /**
   * Services and consumer groups that it waits for just now.
   */
  waits_for: string[];
  /**
   * Why.
   */
  reason: "request" | "objection" | "consent-withdrawn" | "retention" | "other";
  requested_by: Actor;
  /**
   * When it was asked for.
   */
  requested_at: string;
  /**
   * When everything was gone.
   */
  finished_at: string | null;
  /**
   * How much went, by kind.
   */
  counts: {
    [k: string]: number;
  };
}
/**
 * A page of dossiers, newest activity first.
 */
export interface Inbox {
  /**
   * Where the live stream continues this snapshot; opaque.
   */
  cursor: string;
  /**
   * Newest activity first.
   */
  dossiers: DossierView[];
  /**
   * Opaque; null: this was the last page.
   */
  next_page: string | null;
}
/**
 * A page of all contacts of a customer, whichever dossier they are in.
 */
export interface Journey {
  /**
   * Newest first.
   */
  contacts: Contact[];
  /**
   * Ask for what is before it; null: there is nothing more.
   */
  next_before: string | null;
}
/**
 * What a merge would put together. Nothing is changed by looking.
 */
export interface MergePreview {
  customer: CustomerChanged;
  other: CustomerChanged;
  /**
   * What the two do not agree on.
   */
  conflicts: Conflict[];
  /**
   * How many dossiers of the other would become this customer's.
   */
  dossiers: number;
}
/**
 * What a command would move. The dossiers and conversations are as they would be afterwards.
 */
export interface MovePreview {
  from_dossier: DossierView1;
  /**
   * The dossier that gets it.
   */
  to_dossier: DossierView | null;
  /**
   * Whether that one is opened by this.
   */
  opens: boolean;
  /**
   * Those that go, wholly or from a message on.
   */
  conversations: ConversationView[];
  /**
   * How many messages go.
   */
  messages: number;
  /**
   * How many replies go; one that others share stays as well.
   */
  replies: number;
  /**
   * Whether nothing is left and the dossier is closed.
   */
  empties_source: boolean;
  /**
   * Whether it goes to another customer's dossier.
   */
  other_customer: boolean;
}
/**
 * A dossier as agents see it, without its timeline. The fold of all events up to `seq`, and nothing else.
 */
export interface DossierView1 {
  /**
   * The dossier.
   */
  dossier_id: string;
  /**
   * The newest entry that is folded in.
   */
  seq: number;
  /**
   * What people call it aloud: `D-7K3F-92QX`.
   */
  number: string;
  /**
   * The customer.
   */
  customer_id: string;
  /**
   * The customer's name.
   */
  customer_name: string | null;
  status: Status;
  /**
   * What it is about.
   */
  subject: string | null;
  /**
   * The agent who holds it.
   */
  assigned_to: Actor | null;
  /**
   * In the order in which they came.
   */
  conversations: ConversationView[];
  /**
   * Those that nobody has decided yet.
   */
  suggestions: Suggestion[];
  /**
   * The newest message or reply.
   */
  last_message: LastMessage | null;
  /**
   * How many messages and replies it holds.
   */
  messages: number;
  /**
   * Since when the customer waits for an answer.
   */
  unanswered_since: string | null;
  /**
   * The closed dossier that this one follows up.
   */
  follows: string | null;
  /**
   * Where everything went, if it was closed for being empty.
   */
  merged_into: string | null;
  /**
   * In the order in which they were named.
   */
  related: RelatedDossier[];
  /**
   * When it was opened.
   */
  opened_at: string;
  /**
   * `occurred_at` of the newest entry; the inbox sorts by it.
   */
  last_entry_at: string;
}
/**
 * Somebody looks, types or has read, on `presence.events.v1`, keyed by dossier or conversation id. Never stored.
 */
export interface PresenceChanged {
  /**
   * Set when an agent looks at or writes in a dossier.
   */
  dossier_id: string | null;
  /**
   * Set when it concerns one conversation.
   */
  conversation_id: string | null;
  actor: Actor;
  /**
   * What the actor does.
   */
  activity: "viewing" | "typing" | "idle" | "read";
  /**
   * With `read`: the last message that was read.
   */
  read_message_id: string | null;
  /**
   * When it was so.
   */
  at: string;
  /**
   * After this it is no longer true unless said again.
   */
  expires_at: string;
}
/**
 * Customers that have changed, whole.
 */
export interface StreamCustomers {
  type: "customers";
  /**
   * Each whole, as it is now.
   */
  customers: CustomerChanged[];
}
/**
 * Dossier events in their order, and the cursor behind the last of them.
 */
export interface StreamEvents {
  type: "events";
  /**
   * Where the stream continues behind the last event; opaque.
   */
  cursor: string;
  /**
   * In the order of their dossiers.
   */
  events: DossierEvent[];
}
/**
 * The first answer: how many events there are to catch up with.
 */
export interface StreamHello {
  type: "hello";
  /**
   * How many events there are to catch up with.
   */
  behind: number;
}
/**
 * Everything up to now has been sent.
 */
export interface StreamLive {
  type: "live";
}
/**
 * Who looks, types or has read.
 */
export interface StreamPresence {
  type: "presence";
  /**
   * Each true until it expires.
   */
  presence: PresenceChanged[];
}
/**
 * Answer with `{"type": "pong"}`; a connection that does not is closed.
 */
export interface StreamPing {
  type: "ping";
}
/**
 * The cursor cannot be continued: fetch snapshots again and come back with theirs.
 */
export interface StreamReset {
  type: "reset";
  /**
   * Why, as a sentence.
   */
  reason: string;
}
/**
 * A page of a timeline, oldest first.
 */
export interface Timeline {
  /**
   * Entries, oldest first.
   */
  entries: TimelineEntry[];
  /**
   * Whether entries before the first one exist.
   */
  has_earlier: boolean;
}
