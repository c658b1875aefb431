import { StickyNote } from "lucide-react";
import { useTranslation } from "react-i18next";
import styles from "./composer.module.css";

/** A reply that goes out, or a note that stays. */
export function ModeSwitch({ isNote, onChange }: { isNote: boolean; onChange: (mode: "reply" | "note") => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles.modes} role="group" aria-label={t("composer.mode")}>
      <button type="button" aria-pressed={!isNote} onClick={() => onChange("reply")} data-testid="mode-reply">
        {t("composer.reply")}
      </button>
      <button type="button" aria-pressed={isNote} onClick={() => onChange("note")} data-testid="mode-note">
        <StickyNote size={13} aria-hidden="true" />
        {t("composer.note")}
      </button>
    </div>
  );
}
