import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useOnline, useRuntime } from "../app/runtime";
import type { CustomerChanged, LinkedIdentity } from "../contracts/types";
import { AssuranceMark } from "../ui/Assurance";
import { Button } from "../ui/Button";
import { ChannelMark } from "../ui/ChannelMark";
import { Dialog } from "../ui/Dialog";
import styles from "./customer.module.css";
import { splitCustomer } from "./customerActions";
import { KIND_CHANNEL, useHandleWords } from "./handles";
import { useDoing } from "./useDoing";

/** One customer is two people: which handles are the other's. */
export function SplitCustomer({ customer, onClose }: { customer: CustomerChanged; onClose: () => void }) {
  const { t } = useTranslation();
  const runtime = useRuntime();
  const online = useOnline();
  const handleWords = useHandleWords();
  const { busy, run } = useDoing();
  const [theirs, setTheirs] = useState<ReadonlySet<string>>(new Set());
  const chosen = customer.identities.filter((each) => theirs.has(each.link_id));
  const all = chosen.length === customer.identities.length;
  const toggle = (linked: LinkedIdentity) => {
    const next = new Set(theirs);
    if (!next.delete(linked.link_id)) next.add(linked.link_id);
    setTheirs(next);
  };
  const split = () =>
    void run(() =>
      splitCustomer(
        runtime,
        customer.customer_id,
        chosen.map((each) => each.identity),
      ),
    ).then((is) => is && onClose());
  return (
    <Dialog
      title={t("splitCustomer.title")}
      onClose={onClose}
      testId="split-customer"
      foot={
        <>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button
            look="primary"
            disabled={chosen.length === 0 || all || busy || !online}
            onClick={split}
            data-testid="confirm-split"
          >
            {t("splitCustomer.confirm", { count: chosen.length })}
          </Button>
        </>
      }
    >
      <p>{t("splitCustomer.text", { name: customer.display_name ?? t("customer.unnamed") })}</p>
      <ul className={styles.choices}>
        {customer.identities.map((linked, index) => (
          <li key={linked.link_id}>
            <label>
              <input
                type="checkbox"
                checked={theirs.has(linked.link_id)}
                onChange={() => toggle(linked)}
                data-first={index === 0 ? "" : undefined}
              />
              <ChannelMark
                channel={KIND_CHANNEL[linked.identity.kind] ?? "social"}
                network={linked.identity.kind}
                iconOnly
              />
              <span className={styles.value}>{handleWords(linked.identity).text}</span>
              <AssuranceMark assurance={linked.assurance} kind={linked.identity.kind} />
            </label>
          </li>
        ))}
      </ul>
      {all && <p className={styles.since}>{t("splitCustomer.notAll")}</p>}
    </Dialog>
  );
}
