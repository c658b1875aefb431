import { Trans, useTranslation } from "react-i18next";
import { go } from "../app/router";
import { useDesk } from "../app/runtime";
import type { TimelineEntry } from "../contracts/types";
import { channelWord } from "../ui/ChannelMark";
import styles from "./timeline.module.css";

/** What happened to a dossier, as a sentence. */
export function Sentence({ entry, network }: { entry: TimelineEntry; network: string | null }) {
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
    case "conversation_unlinked": {
      const key = event.since_message_id !== null ? "conversationSplit" : "conversationUnlinked";
      return (
        <>
          {by(key, { count: event.messages })} <DossierLink id={event.moved_to} />
        </>
      );
    }
    case "reply_unlinked":
      return (
        <>
          {by("replyUnlinked")} <DossierLink id={event.moved_to} />
        </>
      );
    case "dossier_merged":
    case "dossier_unmerged":
    case "dossier_related":
    case "dossier_unrelated":
      return (
        <>
          {by(event.type)} <DossierLink id={event.dossier_id} />
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
          {by("merged")} <DossierLink id={event.merged_into} />
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
    case "customer_erased":
      return <>{by("customerErased")}</>;
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
