import { expect, test } from "vitest";
import { optedOut, standingConsents } from "../../src/customer/consents";
import type { Profile } from "../../src/contracts/types";

const consent = (channel: string, purpose: string, granted: boolean, source: string) => ({
  channel,
  purpose,
  granted,
  source,
  at: "2026-03-02T12:00:00Z",
});
const profile = {
  consents: [
    consent("email", "marketing", false, "crm"),
    consent("email", "marketing", true, "shop"),
    consent("email", "service", true, "shop"),
    consent("sms", "survey", false, "till"),
  ],
} as unknown as Profile;

test("of what several sources say the first holds", () => {
  expect(standingConsents(profile).map((each) => [each.purpose, each.granted, each.source])).toEqual([
    ["marketing", false, "crm"],
    ["service", true, "shop"],
    ["survey", false, "till"],
  ]);
});

test("an opt-out counts on its own channel only", () => {
  expect(optedOut(profile, "email")).toEqual(["marketing"]);
  expect(optedOut(profile, "sms")).toEqual(["survey"]);
  expect(optedOut(profile, "chat")).toEqual([]);
  expect(optedOut(null, "email")).toEqual([]);
});
