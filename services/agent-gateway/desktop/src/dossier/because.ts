import i18n, { type TFunction } from "i18next";
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
  const given = Object.values(evidence.values).join(", ");
  const plain = evidence.code.replaceAll("-", " ") + (given === "" ? "" : ` (${given})`);
  return wordOr(t, `evidence.${evidence.code}`, plain, blanksOf(t, evidence));
}

/** What fills a sentence: slugs become words, ids of machines what they are ids of, minutes a span of time. */
function blanksOf(t: TFunction, { code, values }: Evidence): Record<string, unknown> {
  const blanks: Record<string, unknown> = { ...values };
  const say = (name: string, section: string) => {
    const slug = values[name];
    if (slug !== undefined) blanks[name] = wordOr(t, `${section}.${slug}`, slug);
  };
  say("channel", "channel");
  say("source", "source");
  say("other_kind", "reference");
  say("kind", code === "automatic" ? "automatic" : "reference");
  if (values.handle !== undefined && values.kind !== undefined) {
    blanks.handle = wordOr(t, `identity.${values.kind}.this`, values.handle);
  }
  if (values.minutes !== undefined) blanks.span = spanInWords(Number(values.minutes));
  const count = Number(values.count ?? values.days ?? values.minutes ?? NaN);
  return Number.isNaN(count) ? blanks : { ...blanks, count };
}

/** `5 minutes`, `3 heures`: whole units, the largest that there are two of. */
function spanInWords(minutes: number): string {
  const [unit, value] =
    minutes < 120 ? ["minute", minutes] : minutes < 2880 ? ["hour", minutes / 60] : ["day", minutes / 1440];
  const format = { style: "unit", unit: String(unit), unitDisplay: "long" } as const;
  return new Intl.NumberFormat(i18n.language, format).format(Math.max(1, Math.floor(Number(value))));
}
