import { CornerDownRight, Undo2 } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useOnline } from "../app/runtime";
import type { Because, TimelineEntry } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { Button } from "../ui/Button";
import { evidenceInWords, ruleInShort, ruleInWords } from "./because";
import styles from "./timeline.module.css";

interface WhyProps {
  entry: TimelineEntry;
  because: Because;
  /** Takes the link back; null: it cannot be. */
  undo: (() => void) | null;
  more?: React.ReactNode;
}

/** One grey line that says why something is here, opening to the rule and what it rests on. */
export function Why({ entry, because, undo, more }: WhyProps) {
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
        <span>{t("why.line", { rule: ruleInShort(t, because) })}</span>
        <span className={styles.whyAsk}>{t("why.ask")}</span>
      </button>
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
          <div className={styles.whyActions}>
            {undo !== null && (
              <Button look="small" onClick={undo} disabled={!online} data-testid="undo">
                <Undo2 size={13} aria-hidden="true" />
                {t("why.undo")}
              </Button>
            )}
            {more}
          </div>
        </div>
      )}
    </div>
  );
}

export function EvidenceList({ because }: { because: Because }) {
  const { t } = useTranslation();
  if (because.evidence.length === 0) return null;
  return (
    <ul className={styles.evidence}>
      {because.evidence.map((evidence, index) => (
        <li key={index} data-code={evidence.code}>
          {evidenceInWords(t, evidence)}
        </li>
      ))}
    </ul>
  );
}
