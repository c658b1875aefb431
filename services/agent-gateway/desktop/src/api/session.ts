import type { Config } from "./client";

/** Sign-in by OIDC authorization code with PKCE (RFC 7636); the token lives in memory and in this tab's session. */
export interface Tokens {
  access_token: string;
  refresh_token?: string;
  /** By this machine's clock, ms; null: unknown. */
  expires_at: number | null;
}

const TOKENS = "omnifil.tokens";
const FLOW = "omnifil.sign-in";
export const CALLBACK = "/signin/callback";
const RENEW_BEFORE_MS = 60_000;

export class SignInFailed extends Error {}

export class Session {
  private tokens: Tokens | null = stored();
  private finishing: Promise<string> | null = null;

  token = (): string | null => this.tokens?.access_token ?? null;

  /** Ms until the token should be renewed; null: it never ends, or cannot be renewed. */
  renewalDue(now = Date.now()): number | null {
    if (!this.tokens?.refresh_token || this.tokens.expires_at === null) return null;
    return Math.max(0, this.tokens.expires_at - RENEW_BEFORE_MS - now);
  }

  clear(): void {
    this.tokens = null;
    sessionStorage.removeItem(TOKENS);
  }

  /** Leaves the page for the issuer; `returnTo` is where the agent comes back to. */
  async signIn(config: Config, returnTo: string): Promise<void> {
    if (!globalThis.crypto?.subtle) throw new SignInFailed("insecure-context");
    const verifier = random(48);
    const state = random(16);
    sessionStorage.setItem(FLOW, JSON.stringify({ verifier, state, returnTo }));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const url = new URL(config.authorize_url);
    const parameters = {
      response_type: "code",
      client_id: config.client_id,
      redirect_uri: location.origin + CALLBACK,
      scope: "openid profile",
      state,
      nonce: random(16),
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    location.assign(url);
  }

  /** The way back from the issuer: trades the code for a token, answers where to go. */
  finish(config: Config, search: URLSearchParams): Promise<string> {
    // A code is good for one trade: asked twice (as React's strict mode does), the answer is the same.
    this.finishing ??= this.finishOnce(config, search);
    return this.finishing;
  }

  private async finishOnce(config: Config, search: URLSearchParams): Promise<string> {
    const flow = JSON.parse(sessionStorage.getItem(FLOW) ?? "null") as Record<string, string> | null;
    sessionStorage.removeItem(FLOW);
    const error = search.get("error");
    if (error !== null) throw new SignInFailed(error);
    const code = search.get("code");
    if (flow === null || code === null || search.get("state") !== flow.state) throw new SignInFailed("state-mismatch");
    await this.trade(config, {
      grant_type: "authorization_code",
      code,
      code_verifier: flow.verifier!,
      redirect_uri: location.origin + CALLBACK,
    });
    return flow.returnTo ?? "/";
  }

  async renew(config: Config): Promise<string> {
    await this.trade(config, { grant_type: "refresh_token", refresh_token: this.tokens?.refresh_token ?? "" });
    return this.tokens!.access_token;
  }

  private async trade(config: Config, grant: Record<string, string>): Promise<void> {
    const body = new URLSearchParams({ client_id: config.client_id, ...grant });
    const answer = await fetch(config.token_url, { method: "POST", body }).catch(() => null);
    if (answer === null || !answer.ok) throw new SignInFailed("token-refused");
    const given = (await answer.json()) as { access_token: string; refresh_token?: string; expires_in?: number };
    this.tokens = {
      access_token: given.access_token,
      refresh_token: given.refresh_token ?? this.tokens?.refresh_token,
      expires_at: given.expires_in === undefined ? null : Date.now() + given.expires_in * 1000,
    };
    sessionStorage.setItem(TOKENS, JSON.stringify(this.tokens));
  }
}

function stored(): Tokens | null {
  try {
    return JSON.parse(sessionStorage.getItem(TOKENS) ?? "null") as Tokens | null;
  } catch {
    return null;
  }
}

function random(bytes: number): string {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
