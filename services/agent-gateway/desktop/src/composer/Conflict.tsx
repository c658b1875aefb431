import { Users } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { TimelineEntry } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { Button } from "../ui/Button";
import styles from "./composer.module.css";

/** A reply that was not sent: what others wrote since it was begun. */
export interface ReplyConflict {
  commandId: string;
  entries: TimelineEntry[];
}

/** Somebody else answered while this was being written: both texts, and the choice. */
export function Conflict({
  conflict,
  mine,
  onSendAnyway,
  onKeepWriting,
}: {
  conflict: ReplyConflict;
  mine: string;
  onSendAnyway: () => void;
  onKeepWriting: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.focus(), []);
  const replies = conflict.entries.filter((entry) => entry.event.type === "reply_requested");
  const who = [...new Set(replies.map((entry) => entry.actor.name ?? entry.actor.id))];
  return (
    <div
      ref={panel}
      className={styles.conflict}
      role="alertdialog"
      aria-labelledby="conflict-title"
      tabIndex={-1}
      data-testid="conflict"
    >
      <h3 id="conflict-title">
        <Users size={15} aria-hidden="true" />
        {t("conflict.title", { who: format.list(who) || t("conflict.somebody") })}
      </h3>
      <div className={styles.both}>
        {replies.map((entry) => (
          <figure key={entry.seq}>
            <figcaption>
              {entry.actor.name ?? entry.actor.id} · {format.time(entry.occurred_at)}
            </figcaption>
            <blockquote>{entry.event.type === "reply_requested" ? entry.event.text : ""}</blockquote>
          </figure>
        ))}
        <figure>
          <figcaption>{t("conflict.mine")}</figcaption>
          <blockquote>{mine}</blockquote>
        </figure>
      </div>
      <div className={styles.conflictActions}>
        <Button look="primary" onClick={onKeepWriting}>
          {t("conflict.keepWriting")}
        </Button>
        <Button onClick={onSendAnyway} data-testid="send-anyway">
          {t("conflict.sendAnyway")}
        </Button>
      </div>
    </div>
  );
}
