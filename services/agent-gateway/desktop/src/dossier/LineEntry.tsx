import {
  ArrowRightLeft,
  CircleCheck,
  CircleDot,
  FolderOpen,
  Lightbulb,
  Undo2,
  UserRound,
  UserRoundX,
  Users,
  type LucideIcon,
} from "lucide-react";
import { memo } from "react";
import { Trans, useTranslation } from "react-i18next";
import { go } from "../app/router";
import { useDesk, useOnline } from "../app/runtime";
import type { Event, TimelineEntry } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { channelWord } from "../ui/ChannelMark";
import { useActions } from "./actions";
import { becauseOf, type Row } from "./rows";
import styles from "./timeline.module.css";
import { Why } from "./Why";

const ICONS: Partial<Record<Event["type"], LucideIcon>> = {
  dossier_opened: FolderOpen,
  conversation_linked: ArrowRightLeft,
  conversation_unlinked: ArrowRightLeft,
  message_unlinked: ArrowRightLeft,
  status_changed: CircleCheck,
  assigned: UserRound,
  unassigned: UserRoundX,
  suggestion_made: Lightbulb,
  suggestion_resolved: Lightbulb,
  customer_reassigned: Users,
};

/** Something that happened to the dossier rather than being said in it. */
export const LineEntry = memo(function LineEntry({ row }: { row: Extract<Row, { kind: "line" }> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const online = useOnline();
  const { undo } = useActions();
  const { entry } = row;
  const Icon = ICONS[entry.event.type] ?? CircleDot;
  const because = becauseOf(entry);
  const isUnlink = entry.event.type === "conversation_unlinked" || entry.event.type === "message_unlinked";
  return (
    <div className={styles.line} data-testid={`line-${entry.event.type}`}>
      <span className={styles.lineIcon}>
        <Icon size={13} aria-hidden="true" />
      </span>
      <div className={styles.lineBody}>
        <span className={styles.lineText}>
          <Sentence entry={entry} network={row.network} />
        </span>
        <time className={styles.time} dateTime={entry.occurred_at} title={format.full(entry.occurred_at)}>
          {format.time(entry.occurred_at)}
        </time>
        {isUnlink && (
          <button type="button" className={styles.underButton} disabled={!online} onClick={() => undo(entry.seq)}>
            <Undo2 size={12} aria-hidden="true" />
            {t("why.undo")}
          </button>
        )}
        {because !== null && entry.event.type !== "status_changed" && (
          <Why entry={entry} because={because} undo={row.undoable && !isUnlink ? () => undo(entry.seq) : null} />
        )}
      </div>
    </div>
  );
});

function Sentence({ entry, network }: { entry: TimelineEntry; network: string | null }) {
  const { t } = useTranslation();
  const { event, actor } = entry;
  const who = actor.kind === "agent" ? (actor.name ?? actor.id) : null;
  const by = (key: string, values: Record<string, unknown> = {}) =>
    who === null ? t(`line.${key}.auto`, values) : t(`line.${key}.agent`, { ...values, who });
  switch (event.type) {
    case "dossier_opened":
      return event.follows === null ? (
        <>{t("line.opened", { number: event.number })}</>
      ) : (
        <Trans
          i18nKey="line.openedFollowing"
          values={{ number: event.number }}
          components={{ dossier: <DossierLink id={event.follows} /> }}
        />
      );
    case "conversation_linked":
      return <>{by("conversationLinked", { channel: channelWord(t, event.conversation.channel, network) })}</>;
    case "conversation_unlinked":
      return (
        <>
          {by("conversationUnlinked", { count: event.messages })} <DossierLink id={event.moved_to} />
        </>
      );
    case "message_unlinked":
      return (
        <>
          {by("messageUnlinked")} <DossierLink id={event.moved_to} />
        </>
      );
    case "status_changed":
      return event.merged_into !== null ? (
        <>
          {t("line.merged")} <DossierLink id={event.merged_into} />
        </>
      ) : (
        <>{by(`status_${event.status}`)}</>
      );
    case "assigned":
      return (
        <>
          {event.agent.id === actor.id
            ? t("line.took", { who })
            : by("assigned", { agent: event.agent.name ?? event.agent.id })}
        </>
      );
    case "unassigned":
      return <>{by("unassigned")}</>;
    case "suggestion_made":
      return (
        <>
          {t(`line.suggestion_${event.suggestion.kind}`, {
            name: event.suggestion.customer_name ?? t("customer.unnamed"),
          })}
        </>
      );
    case "suggestion_resolved":
      return <>{by(event.accepted ? "suggestionAccepted" : "suggestionRefused")}</>;
    case "customer_reassigned":
      return <>{t("line.customerReassigned", { name: event.customer_name ?? t("customer.unnamed") })}</>;
    default:
      return null;
  }
}

function DossierLink({ id }: { id: string }) {
  const { t } = useTranslation();
  const number = useDesk((desk) => desk.get(id)?.view.number);
  return (
    <button type="button" className={styles.link} onClick={() => go({ dossierId: id })}>
      {number ?? t("line.otherDossier")}
    </button>
  );
}
