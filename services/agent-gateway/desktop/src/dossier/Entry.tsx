import { Bot, Check, CheckCheck, CircleAlert, Clock3, Eye, FileCode2, StickyNote, TriangleAlert } from "lucide-react";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useOnline, useRuntime } from "../app/runtime";
import type { ReplyTarget, TimelineEntry } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { wordOr } from "../i18n/words";
import { SenderDoubt } from "../ui/Assurance";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { ChannelMark } from "../ui/ChannelMark";
import { useActions } from "./actions";
import { Attachments } from "./Attachments";
import { HtmlBody } from "./HtmlBody";
import { MessageMenu, MoveButtons } from "./LinkMenu";
import { networkOf } from "./network";
import type { Delivery, Row } from "./rows";
import { TextBody } from "./TextBody";
import styles from "./timeline.module.css";
import { Why } from "./Why";

type RowOf<K extends Row["kind"]> = Extract<Row, { kind: K }>;

function Time({ entry }: { entry: TimelineEntry }) {
  const format = useFormat();
  return (
    <time className={styles.time} dateTime={entry.occurred_at} title={format.full(entry.occurred_at)}>
      {format.time(entry.occurred_at)}
    </time>
  );
}

export const MessageEntry = memo(function MessageEntry({ row }: { row: RowOf<"message"> }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const { undo } = useActions();
  const [formatted, setFormatted] = useState(false);
  const { entry, event } = row;
  const { message } = event;
  const { identity } = message.sender.primary;
  const sender = message.sender.display_name ?? wordOr(t, `identity.${identity.kind}.name`, identity.value);
  const language =
    message.language !== null && message.language.slice(0, 2) !== i18n.language ? message.language : null;
  return (
    <div
      className={styles.message}
      data-grouped={row.grouped}
      data-direction={message.direction}
      data-testid="message"
      data-channel={message.channel}
      data-message-id={message.message_id}
    >
      <div className={styles.gutter}>{!row.grouped && <Avatar name={sender} seed={sender} />}</div>
      <div className={styles.content}>
        <div className={row.grouped ? styles.groupedHead : styles.head}>
          {row.grouped ? (
            <span className="visually-hidden">{sender}</span>
          ) : (
            <>
              <span className={styles.author}>{sender}</span>
              <ChannelMark channel={message.channel} network={networkOf(identity)} />
              {message.direction === "echo" ? (
                <span className={styles.tag}>{t("message.echo")}</span>
              ) : (
                <SenderDoubt sender={message.sender} />
              )}
              {message.automatic !== null && (
                <span className={styles.tag}>
                  <Bot size={12} aria-hidden="true" />
                  {wordOr(t, `automatic.${message.automatic}`, message.automatic)}
                </span>
              )}
              {language !== null && <span className={styles.tag}>{format.language(language)}</span>}
            </>
          )}
          <MessageMenu row={row} />
          <Time entry={entry} />
        </div>
        {!row.grouped && message.subject && message.channel === "email" && (
          <div className={styles.subject}>{message.subject}</div>
        )}
        {message.participants.length > 0 && !row.grouped && (
          <div className={styles.copies}>
            {t("message.also", {
              who: format.list(message.participants.map((each) => each.display_name ?? each.identity.value)),
            })}
          </div>
        )}
        {formatted && message.html !== null ? (
          <HtmlBody html={message.html} />
        ) : (
          (message.text !== "" || message.attachments.length === 0) && (
            <TextBody text={message.text} lang={message.language ?? undefined} />
          )
        )}
        <Attachments attachments={message.attachments} />
        <div className={styles.under}>
          <Why
            entry={entry}
            because={event.because}
            undo={row.undoable ? () => undo(entry) : null}
            more={<MoveButtons messageId={message.message_id} conversationId={event.conversation_id} />}
          />
          {message.html !== null && (
            <button
              type="button"
              className={styles.underButton}
              aria-pressed={formatted}
              onClick={() => setFormatted(!formatted)}
            >
              <FileCode2 size={12} aria-hidden="true" />
              {formatted ? t("message.asText") : t("message.asSent")}
            </button>
          )}
        </div>
      </div>
    </div>
  );
});

export const ReplyEntry = memo(function ReplyEntry({ row }: { row: RowOf<"reply"> }) {
  const { t } = useTranslation();
  const { entry, reply } = row;
  const agent = entry.event.type === "reply_linked" ? entry.event.agent : entry.actor;
  const name = agent.name ?? agent.id;
  return (
    <div className={styles.message} data-direction="outbound" data-testid="reply" data-reply-id={reply.reply_id}>
      <div className={styles.gutter}>
        <Avatar name={name} seed={agent.id} />
      </div>
      <div className={styles.content}>
        <div className={styles.head}>
          <span className={styles.author}>{name}</span>
          <span className={styles.tag}>{t("reply.tag")}</span>
          {row.moved && <span className={styles.tag}>{t("reply.moved")}</span>}
          <Time entry={entry} />
        </div>
        {reply.text !== "" && <TextBody text={reply.text} />}
        <Attachments attachments={reply.attachments} />
        <ul className={styles.targets} aria-label={t("reply.targets")}>
          {reply.targets.map((target) => (
            <TargetState key={target.outbound_id} target={target} delivery={row.deliveries.get(target.outbound_id)} />
          ))}
        </ul>
      </div>
    </div>
  );
});

const STATE_ICONS = { sending: Clock3, sent: Check, delivered: CheckCheck, read: Eye, failed: CircleAlert } as const;

function TargetState({ target, delivery }: { target: ReplyTarget; delivery: Delivery | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const state = delivery?.state ?? "sending";
  const Icon = STATE_ICONS[state];
  return (
    <li
      className={styles.target}
      data-state={state}
      data-testid="delivery"
      data-channel={target.conversation.channel}
      title={delivery ? format.full(delivery.at) : undefined}
    >
      <ChannelMark channel={target.conversation.channel} network={networkOf(target.recipient)} size={13} />
      <span className={styles.recipient}>
        {target.recipient.kind.startsWith("email") ? target.recipient.value : ""}
      </span>
      <span className={styles.state}>
        <Icon size={13} aria-hidden="true" />
        {t(`delivery.${state}`)}
      </span>
      {state === "failed" && <span className={styles.reason}>{delivery?.reason ?? t("delivery.noReason")}</span>}
    </li>
  );
}

export const NoteEntry = memo(function NoteEntry({ row }: { row: RowOf<"note"> }) {
  const { t } = useTranslation();
  const { entry, event } = row;
  const name = entry.actor.name ?? entry.actor.id;
  return (
    <div className={`${styles.message} ${styles.note}`} data-testid="note">
      <div className={styles.gutter}>
        <Avatar name={name} seed={entry.actor.id} />
      </div>
      <div className={styles.content}>
        <div className={styles.head}>
          <span className={styles.author}>{name}</span>
          <span className={styles.noteTag}>
            <StickyNote size={12} aria-hidden="true" />
            {t("note.tag")}
          </span>
          <Time entry={entry} />
        </div>
        <TextBody text={event.text} />
      </div>
    </div>
  );
});

export const SendingEntry = memo(function SendingEntry({ row, failed }: { row: RowOf<"sending">; failed: boolean }) {
  const { t } = useTranslation();
  const { me } = useRuntime();
  const online = useOnline();
  const actions = useActions();
  const { command, commandId } = row.outgoing;
  return (
    <div
      className={`${styles.message} ${command.type === "add_note" ? styles.note : ""}`}
      data-direction="outbound"
      data-testid="sending"
      data-failed={failed}
    >
      <div className={styles.gutter}>
        <Avatar name={me.name} seed={me.sub} />
      </div>
      <div className={styles.content}>
        <div className={styles.head}>
          <span className={styles.author}>{me.name}</span>
          <span className={styles.target} data-state={failed ? "failed" : "sending"}>
            <span className={styles.state}>
              {failed ? <TriangleAlert size={13} aria-hidden="true" /> : <Clock3 size={13} aria-hidden="true" />}
              {failed ? t("delivery.unconfirmed") : t("delivery.sending")}
            </span>
          </span>
        </div>
        {command.text !== "" && <TextBody text={command.text} />}
        {command.type === "reply" && <Attachments attachments={command.attachments ?? []} />}
        {failed && (
          <div className={styles.whyActions}>
            <Button look="small" disabled={!online} onClick={() => actions.sendAgain(commandId)}>
              {t("delivery.again")}
            </Button>
            <Button look={["small", "quiet"]} onClick={() => actions.discard(commandId)}>
              {t("delivery.toDraft")}
            </Button>
          </div>
        )}
      </div>
    </div>
  );
});
