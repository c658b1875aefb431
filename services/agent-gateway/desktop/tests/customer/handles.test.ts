import { expect, test } from "vitest";
import type { CustomerChanged } from "../../src/contracts/types";
import { provesNothing } from "../../src/customer/handles";

const holding = (...assurances: string[]) =>
  ({ identities: assurances.map((assurance) => ({ assurance })) }) as unknown as CustomerChanged;

test("one proven handle is enough to be somebody", () => {
  expect(provesNothing(holding("channel", "verified"))).toBe(false);
  expect(provesNothing(holding("channel", "claimed"))).toBe(true);
  expect(provesNothing(holding())).toBe(true);
});
