import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { CustomerChanged, Identity } from "../contracts/types";
import { wordOr } from "../i18n/words";

/** The channel of a kind of handle, for its mark; those that are not here are of a network. */
export const KIND_CHANNEL: Record<string, string> = {
  email: "email",
  "email-unproven": "email",
  visitor: "chat",
  "shop-account": "chat",
  "loyalty-number": "card",
  "customer-number": "card",
  phone: "voice",
};

/** Page-scoped ids and session ids say nothing to a person. */
const READABLE = ["email", "email-unproven", "phone", "mastodon", "loyalty-number", "customer-number"];

/** A handle as people say it: an address as it is, an id by what it is the id of. */
export function useHandleWords(): (identity: Identity) => { text: string; readable: boolean } {
  const { t } = useTranslation();
  return useCallback(
    (identity) =>
      READABLE.includes(identity.kind)
        ? { text: identity.value, readable: true }
        : { text: wordOr(t, `identity.${identity.kind}.name`, identity.kind), readable: false },
    [t],
  );
}

/** Nobody and nothing has proven any handle of theirs: whoever writes may call themselves as they like. */
export function provesNothing(customer: CustomerChanged): boolean {
  return !customer.identities.some((each) => each.assurance === "verified");
}
