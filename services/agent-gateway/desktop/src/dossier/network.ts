import type { Identity } from "../contracts/types";

/** The network behind the channel `social`, told by the kind of handle (`messenger`, `mastodon`, …). */
export function networkOf(identity: Identity | null | undefined): string | null {
  return identity?.kind ?? null;
}
