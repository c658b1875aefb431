import { CircleAlert, X } from "lucide-react";
import { Tabs } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { useCustomerPanel } from "../app/panels";
import type { CustomerChanged, DossierView } from "../contracts/types";
import { useProblemWords } from "../i18n/problems";
import { useCustomer } from "../live/queries";
import { AssuranceMark } from "../ui/Assurance";
import { Avatar } from "../ui/Avatar";
import { Button, IconButton } from "../ui/Button";
import { Skeleton, State } from "../ui/State";
import { About, Consents } from "./About";
import styles from "./customer.module.css";
import { CustomerMenu } from "./CustomerMenu";
import { Dossiers } from "./Dossiers";
import { Identities } from "./Identities";
import { Journey } from "./Journey";
import { Merges } from "./Merges";
import { Records } from "./Records";
import { Suggestions } from "./Suggestions";

/** The customer beside the dossier: who it is and how sure that is, what else there is, what may belong here. */
export function CustomerPanel({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const problem = useProblemWords();
  const panel = useCustomerPanel();
  const [tab, setTab] = useState("card");
  const { customer, dossiers, preferred, error, retry } = useCustomer(view.customer_id);
  const name = customer?.display_name ?? view.customer_name;
  useCommand({
    id: "journey",
    title: t(tab === "journey" ? "command.card" : "command.journey"),
    group: "dossier",
    keys: "t",
    run: () => setTab(tab === "journey" ? "card" : "journey"),
  });
  return (
    <div className={styles.panel}>
      <header className={styles.head}>
        <Avatar name={name} seed={name ?? view.customer_id} size={40} />
        <div className={styles.who}>
          <h2 title={name ?? undefined}>{name ?? t("customer.unnamed")}</h2>
          {customer && <Best customer={customer} />}
        </div>
        {customer && <CustomerMenu customer={customer} />}
        <IconButton label={t("customer.hide")} keys="c" onClick={() => panel.show(false)}>
          <X size={16} aria-hidden="true" />
        </IconButton>
      </header>
      <Tabs.Root value={tab} onValueChange={setTab} className={styles.tabs}>
        <Tabs.List className={styles.tabList} aria-label={t("customer.label")}>
          <Tabs.Trigger value="card" data-testid="tab-card">
            {t("customer.card")}
          </Tabs.Trigger>
          <Tabs.Trigger value="journey" data-testid="tab-journey">
            {t("customer.journey")}
          </Tabs.Trigger>
        </Tabs.List>
        <div className={styles.body}>
          <Suggestions view={view} />
          {customer === undefined && error !== null ? (
            <State icon={CircleAlert} title={t("customer.unavailable")} role="alert">
              <p>{problem(error)}</p>
              <Button onClick={retry}>{t("retry")}</Button>
            </State>
          ) : customer === undefined ? (
            <div className={styles.skeletons} aria-busy="true">
              <Skeleton width="60%" />
              <Skeleton width="85%" />
              <Skeleton width="70%" />
            </div>
          ) : (
            <>
              <Tabs.Content value="card" tabIndex={-1}>
                <Identities customer={customer} />
                <About customer={customer} preferred={preferred} />
                <Consents customer={customer} />
                <Records records={customer.profile?.records ?? []} />
                <Dossiers current={view.dossier_id} dossiers={dossiers} />
                <Merges customer={customer} />
              </Tabs.Content>
              <Tabs.Content value="journey" tabIndex={-1}>
                <Journey customer={customer} dossiers={dossiers} current={view.dossier_id} />
              </Tabs.Content>
            </>
          )}
        </div>
      </Tabs.Root>
    </div>
  );
}

function Best({ customer }: { customer: CustomerChanged }) {
  const ranks = ["claimed", "channel", "verified"];
  const [best] = [...customer.identities].sort((a, b) => ranks.indexOf(b.assurance) - ranks.indexOf(a.assurance));
  return <AssuranceMark assurance={best?.assurance ?? null} kind={best?.identity.kind} />;
}
