import { Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { TimelineEntry } from "../contracts/types";
import { Sentence } from "../dossier/Sentence";
import { useFormat } from "../i18n/format";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import styles from "./corrections.module.css";

interface ChangedProps {
  entries: readonly TimelineEntry[];
  /** Opens the preview again, on the dossier as it is now; null: nothing is left in it. */
  onLookAgain: (() => void) | null;
  onClose: () => void;
}

/** Another agent put the dossier in order meanwhile: what they did, and nothing was done here. */
export function Changed({ entries, onLookAgain, onClose }: ChangedProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const who = [...new Set(entries.filter((each) => each.actor.kind === "agent").map((each) => nameOf(each)))];
  return (
    <Dialog
      title={t("changed.title", { who: format.list(who) || t("conflict.somebody") })}
      onClose={onClose}
      testId="dossier-changed"
      foot={
        <>
          <Button onClick={onClose}>{t("changed.leave")}</Button>
          {onLookAgain !== null && (
            <Button look="primary" onClick={onLookAgain} data-first="" data-testid="look-again">
              {t("changed.lookAgain")}
            </Button>
          )}
        </>
      }
    >
      <p className={styles.lead}>
        <Users size={16} aria-hidden="true" />
        {t("changed.text")}
      </p>
      <ul className={styles.meanwhile}>
        {entries.map((entry) => (
          <li key={entry.seq}>
            <span>
              <Sentence entry={entry} network={null} />
            </span>
            <time dateTime={entry.occurred_at} title={format.full(entry.occurred_at)}>
              {format.time(entry.occurred_at)}
            </time>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

const nameOf = (entry: TimelineEntry): string => entry.actor.name ?? entry.actor.id;
