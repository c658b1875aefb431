import { Plus, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ConversationView } from "../contracts/types";
import { networkOf } from "../dossier/network";
import { useFormat } from "../i18n/format";
import { AssuranceMark } from "../ui/Assurance";
import { ChannelMark, channelWord } from "../ui/ChannelMark";
import styles from "./composer.module.css";
import { limitsOf, piecesOf, type Obstacle } from "./limits";

const handleOf = (conversation: ConversationView): string | null => {
  const { identity } = conversation;
  return identity?.kind.startsWith("email") ? identity.value : conversation.display_name;
};

export function TargetChip({
  conversation,
  obstacle,
  now,
  text,
  onRemove,
}: {
  conversation: ConversationView;
  obstacle: Obstacle | null;
  now: number;
  text: string;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const { channel } = conversation.conversation;
  return (
    <li className={styles.chip} data-blocked={obstacle !== null} data-testid="target" data-channel={channel}>
      <ChannelMark channel={channel} network={networkOf(conversation.identity)} />
      <span className={styles.handle}>{handleOf(conversation)}</span>
      {conversation.assurance === "claimed" && <AssuranceMark assurance="claimed" />}
      <Limit conversation={conversation} obstacle={obstacle} now={now} text={text} />
      <button
        type="button"
        className={styles.remove}
        aria-label={t("composer.removeTarget", { channel: channelWord(t, channel, networkOf(conversation.identity)) })}
        onClick={onRemove}
      >
        <X size={13} aria-hidden="true" />
      </button>
    </li>
  );
}

export function AddTargetChip({
  conversation,
  obstacle,
  onAdd,
}: {
  conversation: ConversationView;
  obstacle: Obstacle | null;
  onAdd: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { channel } = conversation.conversation;
  const expired = obstacle?.kind === "window-expired" ? obstacle : null;
  const never = expired !== null || obstacle?.kind === "no-recipient";
  const why = expired
    ? t("limit.expiredAt", { at: format.full(expired.at) })
    : never
      ? t("limit.noRecipient")
      : undefined;
  return (
    <li>
      <button
        type="button"
        className={styles.addChip}
        onClick={onAdd}
        disabled={never}
        title={why}
        data-testid="add-target"
        data-channel={channel}
      >
        <Plus size={12} aria-hidden="true" />
        <ChannelMark channel={channel} network={networkOf(conversation.identity)} />
        <span className={styles.handle}>{handleOf(conversation)}</span>
        {expired !== null && <span className={styles.limitBad}>{t("limit.expired")}</span>}
      </button>
    </li>
  );
}

/** What the channel says about an answer now, in a few words; more is in the title. */
function Limit({
  conversation,
  obstacle,
  now,
  text,
}: {
  conversation: ConversationView;
  obstacle: Obstacle | null;
  now: number;
  text: string;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const window = conversation.reply_window_ends_at;
  switch (obstacle?.kind) {
    case "window-expired":
      return (
        <span
          className={styles.limitBad}
          title={t("limit.expiredAt", { at: format.full(obstacle.at) })}
          data-testid="limit"
        >
          {t("limit.expired")}
        </span>
      );
    case "files":
      return (
        <span className={styles.limitBad} title={obstacle.names.join(", ")} data-testid="limit">
          {t("limit.picturesOnly")}
        </span>
      );
    case "no-recipient":
      return (
        <span className={styles.limitBad} data-testid="limit">
          {t("limit.noRecipient")}
        </span>
      );
    default: {
      const { pieceChars } = limitsOf(conversation);
      const count = piecesOf(text, pieceChars).length;
      const left = window === null ? null : Date.parse(window) - now;
      return (
        <>
          {left !== null && (
            <span
              className={left < 3_600_000 ? styles.limitWarn : styles.limit}
              title={t("limit.windowUntil", { at: format.full(window!) })}
              data-testid="limit"
            >
              {t("limit.windowLeft", { left: format.span(left) })}
            </span>
          )}
          {count > 1 && (
            <span
              className={styles.limitWarn}
              title={t("limit.piecesWhy", { number: format.number(pieceChars!) })}
              data-testid="pieces"
            >
              {t("limit.pieces", { count })}
            </span>
          )}
        </>
      );
    }
  }
}
