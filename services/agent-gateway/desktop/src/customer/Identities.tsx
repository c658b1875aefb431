import { Copy, UserX, Users } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useOnline, useRuntime } from "../app/runtime";
import type { CustomerChanged, LinkedIdentity } from "../contracts/types";
import { ruleInShort, ruleInWords } from "../dossier/because";
import { EvidenceList } from "../dossier/Why";
import { useFormat } from "../i18n/format";
import { AssuranceMark } from "../ui/Assurance";
import { Button, IconButton } from "../ui/Button";
import { ChannelMark } from "../ui/ChannelMark";
import { toast } from "../ui/toasts";
import styles from "./customer.module.css";
import { markShared, undoLink } from "./customerActions";
import { KIND_CHANNEL, useHandleWords } from "./handles";
import { useDoing } from "./useDoing";

/** Under which handles the customer is known, how sure that is, and why. */
export function Identities({ customer }: { customer: CustomerChanged }) {
  const { t } = useTranslation();
  const handleWords = useHandleWords();
  return (
    <section className={styles.section}>
      <h3>{t("customer.identities")}</h3>
      <ul className={styles.identities}>
        {customer.identities.map((linked) => (
          <IdentityRow key={linked.link_id} customer={customer} linked={linked} />
        ))}
      </ul>
      {customer.released.map((released) => (
        <p key={released.link_id} className={styles.quiet}>
          <UserX size={14} aria-hidden="true" />
          {t("customer.released", { handle: handleWords(released.identity).text })}
        </p>
      ))}
    </section>
  );
}

function IdentityRow({ customer, linked }: { customer: CustomerChanged; linked: LinkedIdentity }) {
  const { t } = useTranslation();
  const handleWords = useHandleWords();
  const [open, setOpen] = useState(false);
  const id = useId();
  const { identity } = linked;
  const words = handleWords(identity);
  const copy = () =>
    void navigator.clipboard
      .writeText(identity.value)
      .then(() => toast({ text: "customer.copied", values: { handle: identity.value } }));
  return (
    <li
      className={styles.identity}
      data-testid="identity"
      data-kind={identity.kind}
      data-assurance={linked.assurance}
      data-shared={linked.shared}
    >
      <div className={styles.identityTop}>
        <ChannelMark channel={KIND_CHANNEL[identity.kind] ?? "social"} network={identity.kind} iconOnly />
        <span className={styles.value} title={identity.value}>
          {words.text}
        </span>
        {words.readable && (
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
        <AssuranceMark assurance={linked.assurance} kind={linked.identity.kind} />
        {linked.shared && (
          <span className={styles.sharedMark}>
            <Users size={12} aria-hidden="true" />
            {t("customer.shared")}
          </span>
        )}
        <button
          type="button"
          className={styles.whyButton}
          aria-expanded={open}
          aria-controls={id}
          aria-label={t("customer.whyHandle", { handle: words.text })}
          onClick={() => setOpen(!open)}
          title={ruleInShort(t, linked.because)}
          data-testid="identity-why"
        >
          {t("why.ask")}
        </button>
      </div>
      {open && <Reasons id={id} customer={customer} linked={linked} />}
    </li>
  );
}

function Reasons({ id, customer, linked }: { id: string; customer: CustomerChanged; linked: LinkedIdentity }) {
  const { t } = useTranslation();
  const format = useFormat();
  const online = useOnline();
  const runtime = useRuntime();
  const { busy, run } = useDoing();
  const { identity } = linked;
  const alone = customer.identities.length === 1;
  return (
    <div id={id} className={styles.whyBody} data-testid="identity-reasons">
      <p>{ruleInWords(t, linked.because)}</p>
      <EvidenceList because={linked.because} />
      <p className={styles.since}>{t("customer.since", { at: format.full(linked.since) })}</p>
      {linked.history.length > 0 && <History linked={linked} />}
      {linked.shared && linked.shared_because !== null && <EvidenceList because={linked.shared_because} />}
      <label className={styles.switch}>
        <input
          type="checkbox"
          role="switch"
          checked={linked.shared}
          disabled={!online || busy}
          onChange={(event) => {
            const shared = event.target.checked;
            void run(() => markShared(runtime, identity, shared));
          }}
          data-testid="shared-switch"
        />
        <span>
          {t("customer.sharedSwitch")}
          <small>{t("customer.sharedMeans")}</small>
        </span>
      </label>
      {!alone && (
        <Button
          look="small"
          disabled={!online || busy}
          onClick={() =>
            void run(() => undoLink(runtime, customer.customer_id, identity, linked.link_id, linked.because))
          }
          data-testid="undo-link"
        >
          {t("customer.undoLink")}
        </Button>
      )}
    </div>
  );
}

/** How sure it was, when, and by what: newest first. */
function History({ linked: { history, identity } }: { linked: LinkedIdentity }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <button
        type="button"
        className={styles.whyButton}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        data-testid="identity-history"
      >
        {t("customer.history", { count: history.length })}
      </button>
      {open && (
        <ol id={id} className={styles.history} data-testid="history-entries">
          {[...history].reverse().map((change) => (
            <li key={`${change.at}/${change.assurance}`}>
              <span className={styles.historyHead}>
                <AssuranceMark assurance={change.assurance} kind={identity.kind} />
                <time dateTime={change.at} title={format.full(change.at)}>
                  {format.day(change.at)}
                </time>
              </span>
              <EvidenceList because={change} />
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
