import { useQuery } from "@tanstack/react-query";
import { CircleAlert, TriangleAlert, UserRound } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { customersOf, useFindDossiers, type FoundCustomer } from "../app/find";
import { Finder } from "../app/Finder";
import { useOnline, useRuntime } from "../app/runtime";
import type { CustomerChanged } from "../contracts/types";
import correctionStyles from "../corrections/corrections.module.css";
import { useProblemWords } from "../i18n/problems";
import { AssuranceMark } from "../ui/Assurance";
import { Button } from "../ui/Button";
import { ChannelMark } from "../ui/ChannelMark";
import { Dialog } from "../ui/Dialog";
import { Keys } from "../ui/Keys";
import { Skeleton } from "../ui/State";
import { ConflictCard } from "./About";
import styles from "./customer.module.css";
import { mergeCustomers } from "./customerActions";
import { KIND_CHANNEL, provesNothing, useHandleWords } from "./handles";
import { useDoing } from "./useDoing";

/** Two customers are one person: who the other is, then both side by side with what they do not agree on. */
export function MergeCustomers({ customer, onClose }: { customer: CustomerChanged; onClose: () => void }) {
  const { t } = useTranslation();
  const [other, setOther] = useState<FoundCustomer | null>(null);
  const { text, setText, dossiers, searching } = useFindDossiers();
  if (other !== null) {
    return (
      <Side customer={customer} otherId={other.customerId} onBack={() => setOther(null)} onClose={onClose} />
    );
  }
  const people = customersOf(dossiers).filter((each) => each.customerId !== customer.customer_id);
  return (
    <Finder
      title={t("mergeCustomers.choose", { name: customer.display_name ?? t("customer.unnamed") })}
      placeholder={t("mergeCustomers.find")}
      text={text}
      onText={setText}
      busy={searching}
      onClose={(chosen) => !chosen && onClose()}
      items={people.map((each) => ({
        id: each.customerId,
        group: t("choose.customers"),
        icon: <UserRound size={16} aria-hidden="true" />,
        main: each.name ?? t("customer.unnamed"),
        side: t("palette.newest", { number: each.newest.number }),
        run: () => setOther(each),
      }))}
    />
  );
}

interface SideProps {
  customer: CustomerChanged;
  otherId: string;
  onBack: () => void;
  onClose: () => void;
}

function Side({ customer, otherId, onBack, onClose }: SideProps) {
  const { t } = useTranslation();
  const runtime = useRuntime();
  const online = useOnline();
  const problem = useProblemWords();
  const { busy, run } = useDoing();
  const query = useQuery({
    queryKey: ["merge-preview", customer.customer_id, otherId],
    queryFn: ({ signal }) => runtime.api.mergePreview(customer.customer_id, otherId, signal),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const confirm = useRef<HTMLButtonElement>(null);
  const known = query.data;
  useEffect(() => {
    if (known !== undefined) confirm.current?.focus();
  }, [known]);
  return (
    <Dialog
      title={t("mergeCustomers.title")}
      onClose={onClose}
      testId="merge-customers"
      foot={
        <>
          <Button onClick={onBack} disabled={busy}>
            {t("moves.back")}
          </Button>
          <Button
            ref={confirm}
            look="primary"
            disabled={known === undefined || busy || !online}
            onClick={() =>
              void run(() => mergeCustomers(runtime, customer.customer_id, otherId)).then((is) => is && onClose())
            }
            data-testid="confirm-merge"
          >
            {t("mergeCustomers.confirm")}
            <Keys keys="Enter" />
          </Button>
        </>
      }
    >
      {query.error !== null ? (
        <p role="alert" className={styles.quiet}>
          <CircleAlert size={16} aria-hidden="true" />
          {problem(query.error)}
        </p>
      ) : known === undefined ? (
        <div className={styles.skeletons} aria-busy="true">
          <Skeleton width="100%" height={90} />
          <Skeleton width="60%" />
        </div>
      ) : (
        <>
          <div className={styles.sides}>
            <Person customer={known.customer} />
            <Person customer={known.other} />
          </div>
          {known.conflicts.length > 0 && (
            <div className={styles.conflicts}>
              <h3>{t("mergeCustomers.conflicts", { count: known.conflicts.length })}</h3>
              <p>{t("mergeCustomers.noneWins")}</p>
              {known.conflicts.map((each) => (
                <ConflictCard key={each.attribute} name={each.attribute} values={each.values} />
              ))}
            </div>
          )}
          {[known.customer, known.other].filter(provesNothing).map((each) => (
            <p key={each.customer_id} className={correctionStyles.warning} data-testid="merge-unproven">
              <TriangleAlert size={16} aria-hidden="true" />
              <span>
                {t("mergeCustomers.unproven", {
                  name: each.display_name ?? t("customer.unnamed"),
                  other: (each === known.customer ? known.other : known.customer).display_name ?? t("customer.unnamed"),
                })}
              </span>
            </p>
          ))}
          <p className={styles.effect}>
            {t("mergeCustomers.effect", {
              count: known.dossiers,
              name: known.customer.display_name ?? t("customer.unnamed"),
            })}
          </p>
        </>
      )}
    </Dialog>
  );
}

function Person({ customer }: { customer: CustomerChanged }) {
  const { t } = useTranslation();
  const handleWords = useHandleWords();
  return (
    <div className={styles.person}>
      <strong>{customer.display_name ?? t("customer.unnamed")}</strong>
      <ul>
        {customer.identities.map((linked) => (
          <li key={linked.link_id}>
            <ChannelMark
              channel={KIND_CHANNEL[linked.identity.kind] ?? "social"}
              network={linked.identity.kind}
              iconOnly
            />
            <span className={styles.value}>{handleWords(linked.identity).text}</span>
            <AssuranceMark assurance={linked.assurance} kind={linked.identity.kind} />
          </li>
        ))}
      </ul>
    </div>
  );
}
