import type { Consent, Profile } from "../contracts/types";

/** The consent that holds of each channel and purpose: the first of each pair is the one that counts. */
export function standingConsents(profile: Profile | null | undefined): Consent[] {
  const standing = new Map<string, Consent>();
  for (const consent of profile?.consents ?? []) {
    const key = `${consent.channel}/${consent.purpose}`;
    if (!standing.has(key)) standing.set(key, consent);
  }
  return [...standing.values()];
}

/** What the person does not want on a channel: the purposes of their opt-outs. */
export function optedOut(profile: Profile | null | undefined, channel: string): string[] {
  return standingConsents(profile)
    .filter((each) => each.channel === channel && !each.granted)
    .map((each) => each.purpose);
}
