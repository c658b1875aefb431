import { ArrowRightLeft, ChevronDown, Ellipsis, FileCode2, FolderInput, Reply, Scissors, Split } from "lucide-react";
import { useContext } from "react";
import { useTranslation } from "react-i18next";
import { useOnline, useRuntime } from "../app/runtime";
import type { Attachment, ConversationView } from "../contracts/types";
import { ask } from "../corrections/asking";
import { AssuranceMark } from "../ui/Assurance";
import { Button, IconButton } from "../ui/Button";
import { ChannelMark, channelWord } from "../ui/ChannelMark";
import { Menu, type MenuAction } from "../ui/Menu";
import { ActionsContext, useActions } from "./actions";
import styles from "./dossier.module.css";
import { networkOf } from "./network";
import type { Row } from "./rows";
import timelineStyles from "./timeline.module.css";

/** What can be done with a conversation, and with one message of it: the same from the timeline and from the header. */
function useLinkActions(conversationId: string, messageId: string | null): MenuAction[][] {
  const { t } = useTranslation();
  const online = useOnline();
  const actions = useContext(ActionsContext);
  if (actions === null) return [];
  const { dossierId } = actions;
  const whole = { what: "move-conversation", dossierId, conversationId } as const;
  const disabled = !online;
  const ofMessage = (id: string): MenuAction[] => {
    const one = { what: "move-message", dossierId, messageId: id } as const;
    const split = { what: "split", dossierId, conversationId, fromMessageId: id } as const;
    return [
      {
        id: "move-message",
        icon: ArrowRightLeft,
        label: t("move.message"),
        keys: "v",
        disabled,
        run: () => ask(one),
      },
      {
        id: "message-own",
        icon: FolderInput,
        label: t("move.messageOwn"),
        disabled,
        run: () => ask(one, { kind: "new" }),
      },
      { id: "split", icon: Scissors, label: t("move.split"), keys: "p", disabled, run: () => ask(split) },
    ];
  };
  return [
    [{ id: "reply-here", icon: Reply, label: t("message.replyHere"), run: () => actions.replyOn(conversationId) }],
    messageId === null ? [] : ofMessage(messageId),
    [
      {
        id: "move-conversation",
        icon: ArrowRightLeft,
        label: t("move.conversation"),
        keys: messageId === null ? undefined : "Shift+V",
        disabled,
        run: () => ask(whole),
      },
      {
        id: "conversation-own",
        icon: Split,
        label: t("move.conversationOwn"),
        disabled,
        run: () => ask(whole, { kind: "new" }),
      },
    ],
  ];
}

export function MessageMenu({ row }: { row: Extract<Row, { kind: "message" }> }) {
  const { t } = useTranslation();
  const { api } = useRuntime();
  const { message, conversation_id } = row.event;
  const groups = useLinkActions(conversation_id, message.message_id);
  const openOriginal = async (raw: Attachment) => {
    const text = await (await api.blob(raw)).text();
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    window.open(url, "_blank", "noopener");
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  };
  const { raw } = message;
  const original: MenuAction[] =
    raw === null
      ? []
      : [{ id: "original", icon: FileCode2, label: t("message.original"), run: () => void openOriginal(raw) }];
  return (
    <Menu groups={[...groups, original]}>
      <IconButton
        label={t("message.actions")}
        look={["small", "quiet"]}
        className={timelineStyles.entryMenu}
        data-testid="message-menu"
      >
        <Ellipsis size={15} aria-hidden="true" />
      </IconButton>
    </Menu>
  );
}

export function ConversationChip({ conversation }: { conversation: ConversationView }) {
  const { t } = useTranslation();
  const { channel, conversation_id: id, account } = conversation.conversation;
  const groups = useLinkActions(id, null);
  const network = networkOf(conversation.identity);
  const label = [
    channelWord(t, channel, network),
    conversation.display_name ?? conversation.identity?.value,
    t("dossier.account", { account }),
  ];
  return (
    <li>
      <Menu groups={groups} align="start" label={label.filter(Boolean).join(" · ")}>
        <button
          type="button"
          className={styles.conversation}
          disabled={groups.length === 0}
          data-testid="conversation"
          data-channel={channel}
          data-conversation-id={id}
        >
          <ChannelMark channel={channel} network={network} size={13} />
          {conversation.assurance === "claimed" && <AssuranceMark assurance="claimed" />}
          <ChevronDown size={12} aria-hidden="true" />
        </button>
      </Menu>
    </li>
  );
}

/** The same moves as buttons, where the reason of a link is read. */
export function MoveButtons({ messageId, conversationId }: { messageId: string; conversationId: string }) {
  const { t } = useTranslation();
  const online = useOnline();
  const { dossierId } = useActions();
  const look = ["small", "quiet"] as const;
  return (
    <>
      <Button look={look} disabled={!online} onClick={() => ask({ what: "move-message", dossierId, messageId })}>
        {t("move.message")}
      </Button>
      <Button
        look={look}
        disabled={!online}
        onClick={() => ask({ what: "move-conversation", dossierId, conversationId })}
      >
        {t("move.conversation")}
      </Button>
      <Button
        look={look}
        disabled={!online}
        onClick={() => ask({ what: "split", dossierId, conversationId, fromMessageId: messageId })}
      >
        {t("move.split")}
      </Button>
    </>
  );
}
