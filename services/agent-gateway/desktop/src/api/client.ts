import type {
  Attachment,
  Because,
  Command,
  CommandRequest,
  CommandResult,
  CustomerCard,
  CustomerChanged,
  DossierSnapshot,
  Erasure,
  Identity,
  Inbox,
  Journey,
  MergePreview,
  MovePreview,
  TimelineEntry,
  Timeline,
} from "../contracts/types";
import { complete } from "../fold";

/** RFC 9457: what the server says when it cannot do something. `code` is stable; `detail` is for people. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(detail);
  }
  /** With `reply-conflict` and `dossier-changed`: what others did meanwhile. */
  get entries(): TimelineEntry[] {
    const entries = this.extra.entries;
    return Array.isArray(entries) ? entries.map((entry) => complete<TimelineEntry>("TimelineEntry", entry)) : [];
  }
}

/** Nothing came back: the network or the gateway is away. */
export class Unreachable extends Error {}

export interface Config {
  issuer: string;
  authorize_url: string;
  token_url: string;
  client_id: string;
  locales?: string[];
}
export interface Me {
  sub: string;
  name: string;
  roles: string[];
  /** `privacy`: may export and erase persons. */
  permissions?: string[];
}
export interface Agent {
  id: string;
  name: string;
}
export interface InboxQuery {
  status?: readonly string[];
  assigned_to?: string;
  channel?: string;
  customer_id?: string;
  q?: string;
  page?: string;
  limit?: number;
}

export interface ApiOptions {
  token: () => string | null;
  /** The token is not taken any more. */
  onUnauthorized: (reason: string) => void;
}

const BASE = "/api/v1";

export class Api {
  constructor(private readonly options: ApiOptions) {}

  config = () => this.json<Config>("GET", "/config");
  me = () => this.json<Me>("GET", "/me");
  agents = () => this.json<Agent[]>("GET", "/agents");

  async inbox(query: InboxQuery, signal?: AbortSignal): Promise<Inbox> {
    const { status = [], ...rest } = query;
    const search = new URLSearchParams(status.map((value) => ["status", value]));
    for (const [name, value] of Object.entries(rest)) if (value !== undefined) search.set(name, String(value));
    return complete("Inbox", await this.json("GET", `/dossiers?${search}`, undefined, signal));
  }

  async dossier(id: string, limit: number, signal?: AbortSignal): Promise<DossierSnapshot> {
    const path = `/dossiers/${encodeURIComponent(id)}?limit=${limit}`;
    return complete("DossierSnapshot", await this.json("GET", path, undefined, signal));
  }

  async earlier(id: string, beforeSeq: number, limit: number): Promise<Timeline> {
    const path = `/dossiers/${encodeURIComponent(id)}/timeline?before_seq=${beforeSeq}&limit=${limit}`;
    return complete("Timeline", await this.json("GET", path));
  }

  async customer(id: string, signal?: AbortSignal): Promise<CustomerCard> {
    return complete("CustomerCard", await this.json("GET", `/customers/${encodeURIComponent(id)}`, undefined, signal));
  }

  /** `seenSeq`: what the agent had seen of the dossier; if another agent has put it in order since, nothing is done. */
  async command(
    dossierId: string,
    commandId: string,
    command: Command,
    seenSeq: number | null = null,
  ): Promise<CommandResult> {
    const body: CommandRequest = { command_id: commandId, command, seen_seq: seenSeq };
    const path = `/dossiers/${encodeURIComponent(dossierId)}/commands`;
    return complete("CommandResult", await this.json("POST", path, body));
  }

  /** What a correction would move; changes nothing. */
  async preview(dossierId: string, command: Command, signal?: AbortSignal): Promise<MovePreview> {
    const path = `/dossiers/${encodeURIComponent(dossierId)}/preview`;
    return complete("MovePreview", await this.json("POST", path, { command }, signal));
  }

  async undoLink(linkId: string, commandId: string): Promise<CustomerChanged> {
    return this.changedCustomer(`/links/${encodeURIComponent(linkId)}/undo`, { command_id: commandId });
  }

  async linkIdentity(
    customerId: string,
    commandId: string,
    identity: Identity,
    because: Because,
  ): Promise<CustomerChanged> {
    const body = { command_id: commandId, link: { identity, because } };
    return this.changedCustomer(`/customers/${encodeURIComponent(customerId)}/identities`, body);
  }

  async mergeCustomers(customerId: string, commandId: string, otherId: string): Promise<CustomerChanged> {
    const body = { command_id: commandId, other_customer_id: otherId };
    return this.changedCustomer(`/customers/${encodeURIComponent(customerId)}/merge`, body);
  }

  async undoMerge(mergeId: string, commandId: string): Promise<CustomerChanged> {
    return this.changedCustomer(`/merges/${encodeURIComponent(mergeId)}/undo`, { command_id: commandId });
  }

  async splitCustomer(
    customerId: string,
    commandId: string,
    identities: readonly Identity[],
  ): Promise<CustomerChanged> {
    const body = { command_id: commandId, identities };
    return this.changedCustomer(`/customers/${encodeURIComponent(customerId)}/split`, body);
  }

  async mergePreview(customerId: string, otherId: string, signal?: AbortSignal): Promise<MergePreview> {
    const path = `/customers/${encodeURIComponent(customerId)}/merge-preview?other=${encodeURIComponent(otherId)}`;
    return complete("MergePreview", await this.json("GET", path, undefined, signal));
  }

  /** A handle that several people use never links by itself. */
  async markShared(commandId: string, identity: Identity, shared: boolean): Promise<CustomerChanged> {
    return this.changedCustomer("/identities/shared", { command_id: commandId, identity, shared });
  }

  /** Everything about a person, as a ZIP. */
  async exportCustomer(customerId: string): Promise<Blob> {
    return (await this.request("GET", `/customers/${encodeURIComponent(customerId)}/export`)).blob();
  }

  /** For good. `dryRun`: only counts what would go. */
  async eraseCustomer(
    customerId: string,
    commandId: string,
    reason: Erasure["reason"],
    dryRun: boolean,
  ): Promise<Erasure> {
    const body = { command_id: commandId, reason, dry_run: dryRun };
    const path = `/customers/${encodeURIComponent(customerId)}/erase`;
    return complete("Erasure", await this.json("POST", path, body));
  }

  async journey(customerId: string, before: string | null, limit: number, signal?: AbortSignal): Promise<Journey> {
    const search = new URLSearchParams({ limit: String(limit), ...(before === null ? {} : { before }) });
    const path = `/customers/${encodeURIComponent(customerId)}/journey?${search}`;
    return complete("Journey", await this.json("GET", path, undefined, signal));
  }

  async presence(dossierId: string, activity: "viewing" | "typing" | "idle", conversationIds: string[]): Promise<void> {
    const body = { activity, conversation_ids: conversationIds };
    await this.request("POST", `/dossiers/${encodeURIComponent(dossierId)}/presence`, JSON.stringify(body), JSON_TYPE);
  }

  /** Tells the other end of a conversation that its message has been read. */
  async read(dossierId: string, conversationId: string, messageId: string): Promise<void> {
    const body = { activity: "read", conversation_ids: [conversationId], read_message_id: messageId };
    await this.request("POST", `/dossiers/${encodeURIComponent(dossierId)}/presence`, JSON.stringify(body), JSON_TYPE);
  }

  async upload(file: File): Promise<Attachment> {
    const form = new FormData();
    form.set("file", file, file.name);
    const answer = await this.request("POST", "/blobs", form);
    return complete("Attachment", await answer.json());
  }

  async blob(attachment: Attachment): Promise<Blob> {
    const search = new URLSearchParams({ filename: attachment.filename, media_type: attachment.media_type });
    return (await this.request("GET", `/blobs/${attachment.sha256}?${search}`)).blob();
  }

  private async changedCustomer(path: string, body: object): Promise<CustomerChanged> {
    return complete("CustomerChanged", await this.json("POST", path, body));
  }

  private async json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.request(method, path, text, text === undefined ? {} : JSON_TYPE, signal);
    return (await answer.json()) as T;
  }

  private async request(
    method: string,
    path: string,
    body?: BodyInit,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const token = this.options.token();
    const authorization: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
    let answer: Response;
    try {
      answer = await fetch(BASE + path, { method, body, signal, headers: { ...headers, ...authorization } });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Unreachable(String(error));
    }
    if (answer.ok) return answer;
    const { code, detail, title, ...extra } = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
    const problem = new Problem(answer.status, String(code ?? answer.status), String(detail ?? title ?? ""), extra);
    if (answer.status === 401 && token !== null) this.options.onUnauthorized(problem.code);
    // A gateway in front of a stopped service answers like this: nothing was decided, it may be tried again.
    if ([502, 503, 504].includes(answer.status)) throw new Unreachable(problem.message);
    throw problem;
  }
}

const JSON_TYPE = { "Content-Type": "application/json" };
