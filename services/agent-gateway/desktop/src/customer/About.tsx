import { BellOff, BellRing, Languages, Star, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CustomerChanged, SourcedValue } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { wordOr } from "../i18n/words";
import type { Preferred } from "../live/queries";
import { channelWord } from "../ui/ChannelMark";
import { standingConsents } from "./consents";
import styles from "./customer.module.css";

/** What is known of the person, with who says so; where two sources differ, both stand here and none wins. */
export function About({ customer, preferred }: { customer: CustomerChanged; preferred: Preferred | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const attributes = customer.profile?.attributes ?? [];
  const conflicts = new Set(customer.profile?.conflicts ?? []);
  const names = [...new Set(attributes.map((each) => each.name))];
  const plain = names.filter((name) => !conflicts.has(name) && name !== "preferred-channel" && name !== "language");
  return (
    <section className={styles.section}>
      <h3>{t("customer.about")}</h3>
      {names
        .filter((name) => conflicts.has(name))
        .map((name) => (
          <ConflictCard key={name} name={name} values={attributes.filter((each) => each.name === name)} />
        ))}
      <dl className={styles.facts}>
        {customer.languages.length > 0 && (
          <div>
            <dt>
              <Languages size={13} aria-hidden="true" />
              {t("customer.language")}
            </dt>
            <dd>{format.list(customer.languages.map((tag) => format.language(tag)))}</dd>
          </div>
        )}
        {preferred !== null && (
          <div data-testid="preferred-channel">
            <dt>
              <Star size={13} aria-hidden="true" />
              {t("customer.prefers")}
            </dt>
            <dd title={t(`customer.preferred_${preferred.from}`)}>{channelWord(t, preferred.channel)}</dd>
          </div>
        )}
        {plain.map((name) => {
          const known = attributes.find((each) => each.name === name)!;
          return (
            <div key={name} data-testid="attribute" data-name={name}>
              <dt>{attributeWord(t, name)}</dt>
              <dd title={t("customer.saidBy", { source: sourceWord(t, known.source), at: format.day(known.at) })}>
                {known.value}
              </dd>
            </div>
          );
        })}
        <div>
          <dt>{t("customer.firstSeen")}</dt>
          <dd>{format.day(customer.first_seen_at)}</dd>
        </div>
      </dl>
    </section>
  );
}

type Translate = Parameters<typeof wordOr>[0];
export const attributeWord = (t: Translate, name: string): string =>
  wordOr(t, `attribute.${name}`, name.replaceAll("-", " "));
export const sourceWord = (t: Translate, source: string): string => wordOr(t, `source.${source}`, source);

/** Values that cannot all be right, each with its source and date. */
export function ConflictCard({ name, values }: { name: string; values: readonly SourcedValue[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={styles.conflict} role="group" aria-label={attributeWord(t, name)} data-testid="attribute-conflict">
      <p>
        <TriangleAlert size={14} aria-hidden="true" />
        {t("customer.conflict", { attribute: attributeWord(t, name) })}
      </p>
      <ul>
        {values.map((each) => (
          <li key={`${each.source}/${each.value}`}>
            <strong>{each.value}</strong>
            <span>{t("customer.saidBy", { source: sourceWord(t, each.source), at: format.day(each.at) })}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Where the person may be written to, and what for. */
export function Consents({ customer }: { customer: CustomerChanged }) {
  const { t } = useTranslation();
  const format = useFormat();
  const consents = standingConsents(customer.profile);
  if (consents.length === 0) return null;
  return (
    <section className={styles.section}>
      <h3>{t("customer.consents")}</h3>
      <ul className={styles.consents}>
        {consents.map((each) => (
          <li
            key={`${each.channel}/${each.purpose}`}
            data-granted={each.granted}
            data-testid="consent"
            title={t("customer.saidBy", { source: sourceWord(t, each.source), at: format.day(each.at) })}
          >
            {each.granted ? <BellRing size={13} aria-hidden="true" /> : <BellOff size={13} aria-hidden="true" />}
            <span>
              {channelWord(t, each.channel)} · {wordOr(t, `purpose.${each.purpose}`, each.purpose)}
            </span>
            <span className={styles.consentState}>{t(each.granted ? "customer.granted" : "customer.optedOut")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
