import type { TFunction } from "i18next";
import type { Because, Evidence } from "../contracts/types";
import { wordOr } from "../i18n/words";

/** The rule in a few words: `same thread`. */
export function ruleInShort(t: TFunction, because: Because): string {
  return wordOr(t, `rule.${because.rule}.short`, because.rule.replaceAll("-", " "));
}

/** The rule as a sentence. */
export function ruleInWords(t: TFunction, because: Because): string {
  return wordOr(t, `rule.${because.rule}.long`, ruleInShort(t, because));
}

/** Why something is suggested: nothing has been linked yet. */
export function suggestionInWords(t: TFunction, because: Because): string {
  return wordOr(t, `rule.${because.rule}.suggested`, ruleInWords(t, because));
}

/** A fact as a sentence. One that we have no words for is shown as it is: better raw than hidden. */
export function evidenceInWords(t: TFunction, evidence: Evidence): string {
  const values = { ...evidence.values };
  if (values.channel) values.channel = wordOr(t, `channel.${values.channel}`, values.channel);
  if (values.kind) values.kind = wordOr(t, `automatic.${values.kind}`, values.kind);
  const count = Number(values.count ?? values.days ?? values.minutes ?? NaN);
  const numbers = Number.isNaN(count) ? {} : { count };
  const given = Object.values(evidence.values).join(", ");
  const plain = evidence.code.replaceAll("-", " ") + (given === "" ? "" : ` (${given})`);
  return wordOr(t, `evidence.${evidence.code}`, plain, { ...values, ...numbers });
}
