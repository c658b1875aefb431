import type { Suggestion } from "../contracts/types";

/** What is asked, as a key of the translations: of the customer's own dossiers it is not asked whose they are. */
export function question(suggestion: Suggestion, customerId: string): string {
  if (isOwn(suggestion, customerId)) return "suggestion.same-matter-own";
  // Both often go by one name: the number tells which of the two is meant.
  if (suggestion.kind === "same-customer" && suggestion.dossier_id !== null) return "suggestion.same-customer-of";
  return `suggestion.${suggestion.kind}`;
}

/** What accepting would do, as a key of the translations. */
export function acceptEffect(suggestion: Suggestion, customerId: string): string {
  if (isOwn(suggestion, customerId)) return "suggestion.acceptMovesOwn";
  if (suggestion.kind === "same-customer")
    return suggestion.dossier_id === null ? "suggestion.acceptLinks" : "suggestion.acceptLinksAndJoins";
  return "suggestion.acceptMoves";
}

const isOwn = (suggestion: Suggestion, customerId: string): boolean =>
  suggestion.kind === "same-matter" && suggestion.customer_id === customerId;
