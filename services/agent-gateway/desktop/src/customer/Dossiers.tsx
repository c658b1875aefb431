import { useTranslation } from "react-i18next";
import { go, usePlace } from "../app/router";
import type { DossierView } from "../contracts/types";
import { StatusMark } from "../dossier/StatusMark";
import { useFormat, useNow } from "../i18n/format";
import styles from "./customer.module.css";

const SHOWN = 12;

/** The customer's dossiers, newest first: the open ones, then the past. */
export function Dossiers({ current, dossiers }: { current: string; dossiers: readonly DossierView[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const place = usePlace();
  const real = dossiers.filter((each) => each.merged_into === null || each.dossier_id === current);
  if (real.length === 0) return null;
  const open = real.filter((each) => each.status !== "closed");
  const past = real.filter((each) => each.status === "closed");
  return (
    <section className={styles.section}>
      <h3>
        {t("customer.dossiers")}
        <span className={styles.counts}>
          {t("customer.open", { count: open.length })} · {t("customer.past", { count: past.length })}
        </span>
      </h3>
      <ul className={styles.dossiers}>
        {[...open, ...past].slice(0, SHOWN).map((each) => (
          <li key={each.dossier_id}>
            <button
              type="button"
              className={styles.past}
              aria-current={each.dossier_id === current ? "true" : undefined}
              onClick={() => go({ view: place.view, dossierId: each.dossier_id })}
            >
              <StatusMark status={each.status} iconOnly />
              <span className={styles.pastSubject}>{each.subject ?? each.number}</span>
              <span className={styles.pastAge}>{format.ago(each.last_entry_at, now)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
