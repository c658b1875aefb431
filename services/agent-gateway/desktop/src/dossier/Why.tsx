import { CornerDownRight, Undo2 } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useOnline } from "../app/runtime";
import type { Because, TimelineEntry } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { evidenceInWords, ruleInShort, ruleInWords } from "./because";
import styles from "./timeline.module.css";

interface WhyProps {
  entry: TimelineEntry;
  because: Because;
  /** Takes the link back; null: it cannot be. */
  undo: (() => void) | null;
  more?: React.ReactNode;
  /** The line around it says already who decided. */
  terse?: boolean;
}

/** One grey line that says why something is here, with the way back; it opens to the rule and what it rests on. */
export function Why({ entry, because, undo, more, terse = false }: WhyProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const online = useOnline();
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div className={styles.why} data-open={open}>
      <button
        type="button"
        className={styles.whyLine}
        aria-expanded={open}
        aria-controls={id}
        data-testid="why"
        onClick={() => setOpen(!open)}
      >
        <CornerDownRight size={12} aria-hidden="true" />
        {!terse && <span>{t("why.line", { rule: ruleInShort(t, because) })}</span>}
        <span className={styles.whyAsk}>{t("why.ask")}</span>
      </button>
      {undo !== null && (
        <button
          type="button"
          className={`${styles.underButton} ${styles.whyUndo}`}
          onClick={undo}
          disabled={!online}
          data-testid="undo"
        >
          <Undo2 size={12} aria-hidden="true" />
          {t("why.undo")}
        </button>
      )}
      {open && (
        <div id={id} className={styles.whyBody} data-testid="why-details">
          <p>{ruleInWords(t, because)}</p>
          <EvidenceList because={because} />
          <p className={styles.whyMeta}>
            {t("why.by", {
              who: entry.actor.kind === "agent" ? (entry.actor.name ?? entry.actor.id) : t("why.omnifil"),
              at: format.full(entry.at),
            })}
          </p>
          {more !== undefined && <div className={styles.whyActions}>{more}</div>}
        </div>
      )}
    </div>
  );
}

export function EvidenceList({ because }: { because: Pick<Because, "evidence"> }) {
  const { t } = useTranslation();
  if (because.evidence.length === 0) return null;
  return (
    <ul className={styles.evidence}>
      {because.evidence.map((evidence, index) => (
        <li key={index} data-code={evidence.code}>
          {evidenceInWords(t, evidence)}
          {evidence.code === "score" && <Score values={evidence.values} />}
        </li>
      ))}
    </ul>
  );
}

/** How alike two things are, and from where on that would have been enough: a picture of the sentence beside it. */
function Score({ values }: { values: Record<string, string> }) {
  const part = (value: string | undefined) => `${Math.max(0, Math.min(100, Number(value ?? 0)))}%`;
  return (
    <span className={styles.score} aria-hidden="true" data-testid="score">
      <span style={{ width: part(values.percent) }} />
      {values.limit !== undefined && <i style={{ left: part(values.limit) }} />}
    </span>
  );
}
