import type { Suggestion } from "../contracts/types";

/** What accepting would do, as a key of the translations. */
export function acceptEffect(suggestion: Suggestion): string {
  if (suggestion.kind === "same-customer")
    return suggestion.dossier_id === null ? "suggestion.acceptLinks" : "suggestion.acceptLinksAndJoins";
  return "suggestion.acceptMoves";
}
