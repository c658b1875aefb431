import { Lightbulb, PencilLine } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { go, pathOf } from "../app/router";
import { useDrafts, useRuntime, useStore } from "../app/runtime";
import type { DossierView } from "../contracts/types";
import { networkOf } from "../dossier/network";
import { StatusMark } from "../dossier/StatusMark";
import { useFormat, useNow } from "../i18n/format";
import { Avatar } from "../ui/Avatar";
import { ChannelMark } from "../ui/ChannelMark";
import styles from "./inbox.module.css";
import { seen } from "./seen";

export const ROW_PX = 78;

/** The last words; none where the subject was made of them and says the same. */
function excerptOf({ subject, last_message: last }: DossierView, ours: string): string {
  if (last === null) return "";
  if (last.author === "company") return ours + last.text;
  const shown = (subject ?? "").replace(/…$/, "").trim();
  return shown !== "" && last.text.trim().replace(/\s+/g, " ").startsWith(shown)
    ? last.text.trim().slice(shown.length)
    : last.text;
}

export const InboxRow = memo(function InboxRow({
  view,
  viewId,
  selected,
  showsAssignee,
}: {
  view: DossierView;
  viewId: string;
  selected: boolean;
  showsAssignee: boolean;
}) {
  const { t } = useTranslation();
  const { me } = useRuntime();
  const format = useFormat();
  const now = useNow();
  const hasDraft = useDrafts((drafts) => drafts.hasDraft(view.dossier_id));
  const last = view.last_message;
  const unread =
    useStore(seen)[view.dossier_id] !== last?.message_id && last?.author === "customer" && view.status !== "closed";
  const channels = new Map(
    view.conversations.map((each) => [`${each.conversation.channel}/${each.identity?.kind}`, each] as const),
  );
  const name = view.customer_name ?? t("customer.unnamed");
  const waits = view.unanswered_since;
  const assignee = view.assigned_to;
  const onlyClaimed = view.conversations.length > 0 && view.conversations.every((each) => each.assurance === "claimed");
  return (
    <a
      href={pathOf({ view: viewId, dossierId: view.dossier_id })}
      className={styles.row}
      data-unread={unread}
      data-testid="inbox-row"
      data-dossier={view.dossier_id}
      aria-current={selected ? "true" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return; // In a tab of its own, as links do.
        event.preventDefault();
        go({ dossierId: view.dossier_id });
      }}
    >
      <span className={styles.dot} data-waits={waits !== null && view.status !== "closed"}>
        {unread && <span className="visually-hidden">{t("inbox.unread")}</span>}
      </span>
      <span className={styles.top}>
        <span className={styles.name}>{name}</span>
        {onlyClaimed && <span className={styles.claimed}>{t("assurance.claimed")}</span>}
        <time
          className={styles.age}
          dateTime={waits ?? view.last_entry_at}
          data-waits={waits !== null}
          title={waits === null ? format.full(view.last_entry_at) : t("inbox.waits", { at: format.full(waits) })}
        >
          {format.ago(last?.at ?? view.last_entry_at, now)}
        </time>
      </span>
      <span className={styles.subject}>{view.subject ?? t("dossier.noSubject")}</span>
      <span className={styles.bottom}>
        <span className={styles.channels}>
          {[...channels.values()].map((each) => (
            <ChannelMark
              key={each.conversation.conversation_id}
              channel={each.conversation.channel}
              network={networkOf(each.identity)}
              iconOnly
              size={13}
            />
          ))}
        </span>
        {hasDraft ? (
          <span className={styles.draft}>
            <PencilLine size={12} aria-hidden="true" />
            {t("inbox.draft")}
          </span>
        ) : (
          <span className={styles.excerpt}>{excerptOf(view, t("inbox.company"))}</span>
        )}
        <span className={styles.marks}>
          {view.suggestions.length > 0 && (
            <span title={t("inbox.suggestion")} className={styles.hint}>
              <Lightbulb size={13} aria-hidden="true" />
              <span className="visually-hidden">{t("inbox.suggestion")}</span>
            </span>
          )}
          {(view.status === "waiting" || view.status === "reopened") && <StatusMark status={view.status} iconOnly />}
          {showsAssignee && assignee !== null && (
            <span title={assignee.id === me.sub ? t("me") : (assignee.name ?? assignee.id)}>
              <Avatar name={assignee.name ?? assignee.id} seed={assignee.id} size={18} />
              <span className="visually-hidden">{t("dossier.assignedTo", { name: assignee.name ?? assignee.id })}</span>
            </span>
          )}
        </span>
      </span>
    </a>
  );
});
