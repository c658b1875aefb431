import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useOnline, useRuntime } from "../app/runtime";
import type { CustomerChanged, Erasure } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { useProblemWords } from "../i18n/problems";
import { wordOr } from "../i18n/words";
import { newCommandId, patiently } from "../live/queries";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Skeleton } from "../ui/State";
import { toast } from "../ui/toasts";
import styles from "./customer.module.css";

const REASONS: readonly Erasure["reason"][] = ["request", "objection", "consent-withdrawn", "retention", "other"];

/** Erases a person for good: what would go is counted first, and who does it types the name. */
export function EraseCustomer({ customer, onClose }: { customer: CustomerChanged; onClose: () => void }) {
  const { t } = useTranslation();
  const { api } = useRuntime();
  const online = useOnline();
  const format = useFormat();
  const problem = useProblemWords();
  const [reason, setReason] = useState<Erasure["reason"]>("request");
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const id = useId();
  const word = customer.display_name ?? customer.customer_id;
  const plan = useQuery({
    queryKey: ["erase-plan", customer.customer_id],
    queryFn: () => api.eraseCustomer(customer.customer_id, newCommandId(), "request", true),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const erase = async () => {
    const commandId = newCommandId();
    setBusy(true);
    try {
      await patiently(() => api.eraseCustomer(customer.customer_id, commandId, reason, false));
      onClose();
      toast({ text: "erase.begun" });
    } catch (error) {
      toast({ error: error as Error });
    } finally {
      setBusy(false);
    }
  };
  const counts = Object.entries(plan.data?.counts ?? {}).filter(([, count]) => count > 0);
  return (
    <Dialog
      title={t("erase.title", { name: word })}
      onClose={onClose}
      testId="erase-customer"
      foot={
        <>
          <Button onClick={onClose} disabled={busy}>
            {t("cancel")}
          </Button>
          <Button
            look="danger"
            disabled={typed.trim() !== word || busy || !online}
            onClick={() => void erase()}
            data-testid="confirm-erase"
          >
            {t("erase.confirm")}
          </Button>
        </>
      }
    >
      <p className={styles.quiet}>
        <TriangleAlert size={14} aria-hidden="true" />
        {t("erase.text")}
      </p>
      {plan.error !== null ? (
        <p role="alert">{problem(plan.error)}</p>
      ) : plan.data === undefined ? (
        <Skeleton width="60%" />
      ) : (
        <ul className={styles.plan} aria-label={t("erase.goes")} data-testid="erase-plan">
          {counts.map(([kind, count]) => (
            <li key={kind}>
              {format.number(count)} {wordOr(t, `erase.kind.${kind}`, kind.replaceAll(/[-_]/g, " "), { count })}
            </li>
          ))}
        </ul>
      )}
      <label className={styles.field} htmlFor={`${id}-reason`}>
        {t("erase.reason")}
        <select
          id={`${id}-reason`}
          value={reason}
          onChange={(event) => setReason(event.target.value as Erasure["reason"])}
        >
          {REASONS.map((each) => (
            <option key={each} value={each}>
              {t(`erase.reasons.${each}`)}
            </option>
          ))}
        </select>
      </label>
      <label className={styles.field} htmlFor={`${id}-typed`}>
        {t("erase.type", { name: word })}
        <input
          id={`${id}-typed`}
          value={typed}
          autoComplete="off"
          spellCheck={false}
          data-first=""
          onChange={(event) => setTyped(event.target.value)}
          data-testid="erase-typed"
        />
      </label>
    </Dialog>
  );
}
