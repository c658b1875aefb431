import {
  ArrowRightLeft,
  CircleCheck,
  CircleDot,
  Eraser,
  FolderOpen,
  Lightbulb,
  Link2,
  Merge,
  Split,
  Unlink,
  UserRound,
  UserRoundX,
  Users,
  type LucideIcon,
} from "lucide-react";
import { memo } from "react";
import type { Event } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { useActions } from "./actions";
import { becauseOf, type Row } from "./rows";
import { Sentence } from "./Sentence";
import styles from "./timeline.module.css";
import { Why } from "./Why";

const ICONS: Partial<Record<Event["type"], LucideIcon>> = {
  dossier_opened: FolderOpen,
  conversation_linked: ArrowRightLeft,
  conversation_unlinked: ArrowRightLeft,
  message_unlinked: ArrowRightLeft,
  reply_unlinked: ArrowRightLeft,
  dossier_merged: Merge,
  dossier_unmerged: Split,
  dossier_related: Link2,
  dossier_unrelated: Unlink,
  customer_erased: Eraser,
  status_changed: CircleCheck,
  assigned: UserRound,
  unassigned: UserRoundX,
  suggestion_made: Lightbulb,
  suggestion_resolved: Lightbulb,
  customer_reassigned: Users,
};

/** Something that happened to the dossier rather than being said in it. */
export const LineEntry = memo(function LineEntry({ row }: { row: Extract<Row, { kind: "line" }> }) {
  const format = useFormat();
  const { undo } = useActions();
  const { entry } = row;
  const Icon = ICONS[entry.event.type] ?? CircleDot;
  const because = becauseOf(entry);
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
        {because !== null && (entry.event.type !== "status_changed" || row.undoable) && (
          <Why
            entry={entry}
            because={because}
            undo={row.undoable ? () => undo(entry) : null}
            terse={because.rule === "agent" && entry.actor.kind === "agent"}
          />
        )}
      </div>
    </div>
  );
});
