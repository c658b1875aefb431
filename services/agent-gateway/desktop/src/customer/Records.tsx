import { ExternalLink } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { SourcedRecord } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { wordOr } from "../i18n/words";
import { sourceWord } from "./About";
import styles from "./customer.module.css";

/** Orders, carts, visits: whatever other systems keep, by what every record says of itself. */
export function Records({ records }: { records: readonly SourcedRecord[] }) {
  const { t } = useTranslation();
  if (records.length === 0) return null;
  return (
    <section className={styles.section}>
      <h3>{t("customer.records")}</h3>
      <ul className={styles.records}>
        {records.map((record) => (
          <li key={`${record.source}/${record.kind}/${record.record_id}`} data-testid="record" data-kind={record.kind}>
            <RecordLines record={record} />
          </li>
        ))}
      </ul>
    </section>
  );
}

export function RecordLines({ record }: { record: SourcedRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const under = [
    wordOr(t, `record.${record.kind}`, record.kind.replaceAll("-", " ")),
    format.day(record.at),
    sourceWord(t, record.source),
  ];
  return (
    <>
      <div className={styles.recordTop}>
        {record.url === null ? (
          <span className={styles.recordTitle}>{record.title}</span>
        ) : (
          <a className={styles.recordTitle} href={record.url} target="_blank" rel="noopener noreferrer">
            {record.title}
            <ExternalLink size={12} aria-hidden="true" />
            <span className="visually-hidden">{t("customer.opensElsewhere")}</span>
          </a>
        )}
        {record.amount !== null && <span className={styles.amount}>{record.amount}</span>}
      </div>
      <div className={styles.recordUnder}>
        {record.state !== null && <span className={styles.recordState}>{record.state}</span>}
        <span>{under.join(" · ")}</span>
      </div>
    </>
  );
}
