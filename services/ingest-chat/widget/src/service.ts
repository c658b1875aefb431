// The service's HTTP side.

import { Refused } from "./line.ts";
import type { Session, Upload, WidgetSettings } from "./protocol.ts";

export interface SessionRequest {
  readonly session_token: string | null;
  readonly identity_token: string | null;
  readonly claimed?: { readonly name: string; readonly email: string };
}

export class Service {
  readonly base: string;
  readonly account: string;

  constructor(base: string, account: string) {
    this.base = base;
    this.account = account;
  }

  get socketUrl(): string {
    return `${this.base.replace(/^http/, "ws")}/api/ws`;
  }

  settings(): Promise<WidgetSettings> {
    return answered(fetch(`${this.base}/api/accounts/${encodeURIComponent(this.account)}/widget`));
  }

  session(request: SessionRequest): Promise<Session> {
    const body = JSON.stringify({ account: this.account, ...request });
    const headers = { "Content-Type": "application/json" };
    return answered(fetch(`${this.base}/api/sessions`, { method: "POST", headers, body, credentials: "omit" }));
  }

  upload(image: Blob, filename: string, session_token: string): Promise<Upload> {
    const headers = { Authorization: `Bearer ${session_token}`, "Content-Type": image.type };
    const url = `${this.base}/api/uploads?filename=${encodeURIComponent(filename)}`;
    return answered(fetch(url, { method: "POST", headers, body: image, credentials: "omit" }));
  }

  /** Addresses in entries are paths below the service; anything else is not followed. */
  address(path: string): string {
    return path.startsWith("/") && !path.startsWith("//") ? this.base + path : "";
  }
}

/** The body; throws `Refused` with the problem's code when the same again would fail again. */
async function answered<T>(asked: Promise<Response>): Promise<T> {
  const answer = await asked;
  if (answer.ok) return (await answer.json()) as T;
  const problem = (await answer.json().catch(() => ({}))) as { code?: string };
  if (answer.status >= 500 || answer.status === 429) throw new Error(problem.code ?? `HTTP ${answer.status}`);
  throw new Refused(problem.code ?? `http-${answer.status}`);
}
