import { ArrowLeft, Ellipsis, FolderSymlink, Lightbulb, Link2, Merge, PanelRight, Unlink } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { useCustomerPanel } from "../app/panels";
import { go } from "../app/router";
import { useOnline, useRuntime } from "../app/runtime";
import type { DossierView } from "../contracts/types";
import { ask } from "../corrections/asking";
import { correct } from "../corrections/perform";
import { done } from "../corrections/taken";
import { useFormat, useNow } from "../i18n/format";
import { Button, IconButton } from "../ui/Button";
import { Menu, type MenuAction } from "../ui/Menu";
import { toast } from "../ui/toasts";
import { AssignMenu } from "./AssignMenu";
import styles from "./dossier.module.css";
import { ConversationChip } from "./LinkMenu";
import { Watchers } from "./presence";
import { StatusMenu } from "./StatusMenu";

export function DossierHeader({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const panel = useCustomerPanel();
  const copyNumber = () =>
    void navigator.clipboard
      .writeText(view.number)
      .then(() => toast({ text: "dossier.copied", values: { number: view.number } }));
  return (
    <header className={styles.header} data-testid="dossier-header" data-dossier={view.dossier_id}>
      <div className={styles.titleRow}>
        <IconButton label={t("dossier.back")} className={styles.back} onClick={() => go({ dossierId: null })}>
          <ArrowLeft size={18} aria-hidden="true" />
        </IconButton>
        <h1 title={view.subject ?? undefined}>{view.subject ?? t("dossier.noSubject")}</h1>
        <Watchers view={view} />
        <StatusMenu view={view} />
        <AssignMenu view={view} />
        {!panel.open && view.suggestions.length > 0 && (
          <Button look="small" className={styles.suggestions} onClick={() => panel.show(true)}>
            <Lightbulb size={14} aria-hidden="true" />
            {t("suggestion.label", { count: view.suggestions.length })}
          </Button>
        )}
        <DossierMenu view={view} />
        <IconButton
          label={t(panel.open ? "customer.hide" : "customer.show")}
          keys="c"
          aria-pressed={panel.open}
          onClick={() => panel.show(!panel.open)}
          className={styles.panelToggle}
          data-testid="customer-toggle"
        >
          <PanelRight size={17} aria-hidden="true" />
        </IconButton>
      </div>
      <div className={styles.metaRow}>
        <button
          type="button"
          className={styles.number}
          onClick={copyNumber}
          aria-label={t("dossier.copyNumber", { number: view.number })}
        >
          {view.number}
        </button>
        <ul className={styles.conversations} aria-label={t("dossier.conversations")}>
          {view.conversations.map((each) => (
            <ConversationChip key={each.conversation.conversation_id} conversation={each} />
          ))}
        </ul>
        <Related view={view} />
        {view.unanswered_since !== null && view.status !== "closed" && (
          <span className={styles.waits} title={format.full(view.unanswered_since)}>
            {t("dossier.waits", { span: format.ago(view.unanswered_since, now) })}
          </span>
        )}
      </div>
    </header>
  );
}

/** What can be done with the dossier as a whole. */
function DossierMenu({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const online = useOnline();
  const dossierId = view.dossier_id;
  const isThere = view.merged_into === null;
  const merge = () => ask({ what: "merge", dossierId });
  const relate = () => ask({ what: "relate", dossierId });
  useCommand(
    { id: "merge", title: t("command.merge"), group: "dossier", keys: "m", run: merge },
    isThere && online,
  );
  useCommand(
    { id: "relate", title: t("command.relate"), group: "dossier", keys: "l", run: relate },
    isThere && online,
  );
  if (!isThere) return null;
  const disabled = !online;
  return (
    <Menu
      groups={[
        [
          { id: "merge", icon: Merge, label: t("command.merge"), keys: "m", disabled, run: merge },
          { id: "relate", icon: Link2, label: t("command.relate"), keys: "l", disabled, run: relate },
        ],
      ]}
    >
      <IconButton label={t("dossier.actions")} data-testid="dossier-menu">
        <Ellipsis size={17} aria-hidden="true" />
      </IconButton>
    </Menu>
  );
}

/** Dossiers that have to do with this one and stay apart. */
function Related({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const runtime = useRuntime();
  const online = useOnline();
  if (view.related.length === 0) return null;
  const unrelate = (dossierId: string) =>
    correct(runtime, view.dossier_id, { type: "unrelate_dossier", dossier_id: dossierId }, null).then(
      done,
      (error: Error) => toast({ error }),
    );
  const actionsOf = (dossierId: string): MenuAction[] => [
    { id: "open", icon: FolderSymlink, label: t("related.open"), run: () => go({ dossierId }) },
    {
      id: "unrelate",
      icon: Unlink,
      label: t("related.remove"),
      disabled: !online,
      run: () => void unrelate(dossierId),
    },
  ];
  return (
    <ul className={styles.conversations} aria-label={t("related.label")}>
      {view.related.map((each) => (
        <li key={each.dossier_id}>
          <Menu groups={[actionsOf(each.dossier_id)]} align="start" label={t("related.label")}>
            <button type="button" className={styles.conversation} data-testid="related" data-number={each.number}>
              <Link2 size={13} aria-hidden="true" />
              <span className="visually-hidden">{t("related.label")}</span>
              {each.number}
            </button>
          </Menu>
        </li>
      ))}
    </ul>
  );
}
