import { Merge } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useOnline, useRuntime } from "../app/runtime";
import type { CustomerChanged } from "../contracts/types";
import { EvidenceList } from "../dossier/Why";
import { useFormat } from "../i18n/format";
import { Button } from "../ui/Button";
import styles from "./customer.module.css";
import { undoMerge } from "./customerActions";
import { useDoing } from "./useDoing";

/** Customers who went into this one; each can be told apart again. */
export function Merges({ customer }: { customer: CustomerChanged }) {
  const { t } = useTranslation();
  const format = useFormat();
  const online = useOnline();
  const runtime = useRuntime();
  const { busy, run } = useDoing();
  if (customer.merges.length === 0) return null;
  return (
    <section className={styles.section}>
      <h3>{t("customer.merges")}</h3>
      <ul className={styles.merges}>
        {customer.merges.map((merge) => (
          <li key={merge.merge_id} data-testid="customer-merge">
            <Merge size={14} aria-hidden="true" />
            <div>
              <p>{t("customer.mergedWith", { name: merge.other_name ?? t("customer.unnamed") })}</p>
              <p className={styles.since}>
                {t("why.by", { who: merge.actor.name ?? merge.actor.id, at: format.full(merge.at) })}
              </p>
              <EvidenceList because={merge.because} />
            </div>
            <Button
              look="small"
              disabled={!online || busy}
              onClick={() =>
                void run(() =>
                  undoMerge(runtime, customer.customer_id, merge.merge_id, merge.other_customer_id),
                )
              }
              data-testid="undo-merge"
            >
              {t("why.undo")}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
