import { useTranslation } from "react-i18next";
import type { Attachment, ConversationView, DossierView } from "../contracts/types";
import { networkOf } from "../dossier/network";
import { ChannelMark } from "../ui/ChannelMark";
import styles from "./composer.module.css";
import { limitsOf, piecesOf } from "./limits";

/** What arrives at the other end of each conversation. */
export function Preview({
  view,
  targets,
  text,
  attachments,
}: {
  view: DossierView;
  targets: readonly ConversationView[];
  text: string;
  attachments: readonly Attachment[];
}) {
  const { t } = useTranslation();
  return (
    <ul className={styles.preview} aria-label={t("preview.label")} data-testid="preview">
      {targets.map((target) => {
        const limits = limitsOf(target);
        return (
          <li key={target.conversation.conversation_id}>
            <div className={styles.previewHead}>
              <ChannelMark channel={target.conversation.channel} network={networkOf(target.identity)} />
              <span className={styles.handle}>{target.identity?.value}</span>
            </div>
            {limits.hasSubject && view.subject !== null && (
              <p className={styles.previewSubject}>{t("preview.subject", { subject: view.subject })}</p>
            )}
            {text.trim() !== "" &&
              piecesOf(text, limits.pieceChars).map((piece, index) => (
                <p key={index} className={styles.previewText}>
                  {piece}
                </p>
              ))}
            <p className={styles.previewMeta}>
              {[
                attachments.length > 0 &&
                  t(limits.hasSubject ? "preview.attached" : "preview.afterText", { count: attachments.length }),
                limits.hasSubject ? t("preview.thread") : t("preview.message"),
              ]
                .filter(Boolean)
                .join(" · ")}
            </p>
          </li>
        );
      })}
    </ul>
  );
}
