import { BellOff, Plus, Star, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ConversationView, DossierView } from "../contracts/types";
import { optedOut } from "../customer/consents";
import { networkOf } from "../dossier/network";
import { useFormat } from "../i18n/format";
import { wordOr } from "../i18n/words";
import { useCustomer, type Preferred } from "../live/queries";
import { AssuranceMark } from "../ui/Assurance";
import { ChannelMark, channelWord } from "../ui/ChannelMark";
import styles from "./composer.module.css";
import { limitsOf, piecesOf, type Obstacle } from "./limits";

const handleOf = (conversation: ConversationView): string | null => {
  const { identity } = conversation;
  return identity?.kind.startsWith("email") ? identity.value : conversation.display_name;
};

interface TargetsProps {
  view: DossierView;
  chosenIds: readonly string[];
  obstacles: ReadonlyMap<string, Obstacle | null>;
  text: string;
  now: number;
  onChoose: (conversationId: string, on: boolean) => void;
}

/** Where the reply goes, and where else it could: with what each takes, and what the customer wants there. */
export function Targets({ view, chosenIds, obstacles, text, now, onChoose }: TargetsProps) {
  const { t } = useTranslation();
  const { customer, preferred } = useCustomer(view.customer_id);
  const idOf = (each: ConversationView) => each.conversation.conversation_id;
  const chosen = view.conversations.filter((each) => chosenIds.includes(idOf(each)));
  const others = view.conversations.filter((each) => !chosenIds.includes(idOf(each)));
  const wishes = (each: ConversationView): Wishes => ({
    refused: optedOut(customer?.profile, each.conversation.channel),
    preferred: preferred?.channel === each.conversation.channel ? preferred.from : null,
  });
  return (
    <ul className={styles.chips} aria-label={t("composer.to")}>
      {chosen.map((each) => (
        <TargetChip
          key={idOf(each)}
          conversation={each}
          obstacle={obstacles.get(idOf(each)) ?? null}
          wishes={wishes(each)}
          now={now}
          text={text}
          onRemove={() => onChoose(idOf(each), false)}
        />
      ))}
      {others.map((each) => (
        <AddTargetChip
          key={idOf(each)}
          conversation={each}
          obstacle={obstacles.get(idOf(each)) ?? null}
          wishes={wishes(each)}
          onAdd={() => onChoose(idOf(each), true)}
        />
      ))}
      {view.conversations.length === 0 && <li className={styles.noteHint}>{t("composer.noConversation")}</li>}
    </ul>
  );
}

/** What the customer said of a channel: what for they do not want to be written to, and whether it is the one they like. */
interface Wishes {
  refused: readonly string[];
  preferred: Preferred["from"] | null;
}

function WishMarks({ wishes }: { wishes: Wishes }) {
  const { t } = useTranslation();
  const format = useFormat();
  const refused = format.list(wishes.refused.map((purpose) => wordOr(t, `purpose.${purpose}`, purpose)));
  return (
    <>
      {wishes.preferred !== null && (
        <span className={styles.preferred} title={t(`customer.preferred_${wishes.preferred}`)} data-testid="preferred">
          <Star size={12} aria-hidden="true" />
          <span className="visually-hidden">{t(`customer.preferred_${wishes.preferred}`)}</span>
        </span>
      )}
      {wishes.refused.length > 0 && (
        <span
          className={styles.limitWarn}
          title={t("composer.optedOutWhy", { purposes: refused })}
          data-testid="opted-out"
        >
          <BellOff size={12} aria-hidden="true" />
          {t("composer.optedOut", { purposes: refused })}
        </span>
      )}
    </>
  );
}

function TargetChip({
  conversation,
  obstacle,
  wishes,
  now,
  text,
  onRemove,
}: {
  conversation: ConversationView;
  obstacle: Obstacle | null;
  wishes: Wishes;
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
      <WishMarks wishes={wishes} />
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

function AddTargetChip({
  conversation,
  obstacle,
  wishes,
  onAdd,
}: {
  conversation: ConversationView;
  obstacle: Obstacle | null;
  wishes: Wishes;
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
        <WishMarks wishes={wishes} />
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
