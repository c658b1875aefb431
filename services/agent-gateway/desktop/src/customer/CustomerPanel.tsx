import { CircleAlert, Copy, Languages, UserX, X } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCustomerPanel } from "../app/panels";
import { go, usePlace } from "../app/router";
import { useOnline, useRuntime } from "../app/runtime";
import type { CustomerChanged, DossierView, LinkedIdentity } from "../contracts/types";
import { ruleInShort, ruleInWords } from "../dossier/because";
import { EvidenceList } from "../dossier/Why";
import { useFormat, useNow } from "../i18n/format";
import { useProblemWords } from "../i18n/problems";
import { wordOr } from "../i18n/words";
import { newCommandId, useCustomer } from "../live/queries";
import { AssuranceMark } from "../ui/Assurance";
import { Avatar } from "../ui/Avatar";
import { Button, IconButton } from "../ui/Button";
import { ChannelMark } from "../ui/ChannelMark";
import { Skeleton, State } from "../ui/State";
import { toast } from "../ui/toasts";
import { StatusMark } from "../dossier/StatusMark";
import styles from "./customer.module.css";
import { Suggestions } from "./Suggestions";

/** The customer's card beside the dossier: who it is and how sure that is, what else there is, what may belong here. */
export function CustomerPanel({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const problem = useProblemWords();
  const panel = useCustomerPanel();
  const { customer, dossiers, error, retry } = useCustomer(view.customer_id);
  const name = customer?.display_name ?? view.customer_name;
  return (
    <div className={styles.panel}>
      <header className={styles.head}>
        <Avatar name={name} seed={name ?? view.customer_id} size={40} />
        <div className={styles.who}>
          <h2 title={name ?? undefined}>{name ?? t("customer.unnamed")}</h2>
          {customer && <Best customer={customer} />}
        </div>
        <IconButton label={t("customer.hide")} keys="c" onClick={() => panel.show(false)}>
          <X size={16} aria-hidden="true" />
        </IconButton>
      </header>
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
            <Identities customer={customer} />
            <About customer={customer} />
          </>
        )}
        <Journey current={view.dossier_id} dossiers={dossiers} />
      </div>
    </div>
  );
}

function Best({ customer }: { customer: CustomerChanged }) {
  const ranks = ["claimed", "channel", "verified"];
  const best = customer.identities.map((each) => each.assurance).sort((a, b) => ranks.indexOf(b) - ranks.indexOf(a))[0];
  return <AssuranceMark assurance={best ?? null} />;
}

function Identities({ customer }: { customer: CustomerChanged }) {
  const { t } = useTranslation();
  return (
    <section className={styles.section}>
      <h3>{t("customer.identities")}</h3>
      <ul className={styles.identities}>
        {customer.identities.map((linked) => (
          <IdentityRow key={linked.link_id} linked={linked} alone={customer.identities.length === 1} />
        ))}
      </ul>
      {customer.released.map((released) => (
        <p key={released.link_id} className={styles.quiet}>
          <UserX size={14} aria-hidden="true" />
          {t("customer.released", { handle: released.identity.value })}
        </p>
      ))}
    </section>
  );
}

const KIND_CHANNEL: Record<string, string> = {
  email: "email",
  "email-unproven": "email",
  visitor: "chat",
  "shop-account": "chat",
  phone: "voice",
};

function IdentityRow({ linked, alone }: { linked: LinkedIdentity; alone: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const online = useOnline();
  const { api, desk, queries } = useRuntime();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const { identity } = linked;
  const undo = async () => {
    setBusy(true);
    try {
      desk.takeCustomers([await api.undoLink(linked.link_id, newCommandId())]);
      await queries.invalidateQueries({ queryKey: ["customer"] });
    } catch (error) {
      toast({ error: error as Error });
    } finally {
      setBusy(false);
    }
  };
  const copy = () =>
    void navigator.clipboard
      .writeText(identity.value)
      .then(() => toast({ text: "customer.copied", values: { handle: identity.value } }));
  return (
    <li className={styles.identity} data-testid="identity" data-kind={identity.kind}>
      <div className={styles.identityTop}>
        <ChannelMark channel={KIND_CHANNEL[identity.kind] ?? "social"} network={identity.kind} iconOnly />
        <span className={styles.value} title={identity.value}>
          {readable(identity.kind) ? identity.value : wordOr(t, `identity.${identity.kind}.name`, identity.kind)}
        </span>
        {readable(identity.kind) && (
          <IconButton
            label={t("customer.copy", { handle: identity.value })}
            look={["small", "quiet"]}
            className={styles.copy}
            onClick={copy}
          >
            <Copy size={13} aria-hidden="true" />
          </IconButton>
        )}
      </div>
      <div className={styles.identityUnder}>
        <AssuranceMark assurance={linked.assurance} />
        <button
          type="button"
          className={styles.whyButton}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
          title={ruleInShort(t, linked.because)}
        >
          {t("why.ask")}
        </button>
      </div>
      {open && (
        <div id={id} className={styles.whyBody}>
          <p>{ruleInWords(t, linked.because)}</p>
          <EvidenceList because={linked.because} />
          <p className={styles.since}>{t("customer.since", { at: format.full(linked.since) })}</p>
          {!alone && (
            <Button look="small" disabled={!online || busy} onClick={() => void undo()} data-testid="undo-link">
              {t("customer.undoLink")}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

/** Page-scoped ids and session ids say nothing to a person. */
const readable = (kind: string): boolean => kind.startsWith("email") || kind === "phone";

function About({ customer }: { customer: CustomerChanged }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <section className={styles.section}>
      <h3>{t("customer.about")}</h3>
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
        <div>
          <dt>{t("customer.firstSeen")}</dt>
          <dd>{format.day(customer.first_seen_at)}</dd>
        </div>
      </dl>
    </section>
  );
}

/** The customer's dossiers, newest first: how they came here. */
function Journey({ current, dossiers }: { current: string; dossiers: readonly DossierView[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const place = usePlace();
  if (dossiers.length === 0) return null;
  const open = dossiers.filter((each) => each.status !== "closed").length;
  return (
    <section className={styles.section}>
      <h3>
        {t("customer.journey")}
        <span className={styles.counts}>
          {t("customer.open", { count: open })} · {t("customer.past", { count: dossiers.length - open })}
        </span>
      </h3>
      <ul className={styles.journey}>
        {dossiers.slice(0, 12).map((each) => (
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
