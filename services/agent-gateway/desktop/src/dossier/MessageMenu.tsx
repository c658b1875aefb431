import { ArrowRightLeft, Ellipsis, FileCode2, Reply, Split } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useTranslation } from "react-i18next";
import { useOnline, useRuntime } from "../app/runtime";
import { Button, IconButton } from "../ui/Button";
import uiStyles from "../ui/ui.module.css";
import { useActions } from "./actions";
import type { Row } from "./rows";
import styles from "./timeline.module.css";

export function MoveButtons({ messageId, conversationId }: { messageId: string; conversationId: string }) {
  const { t } = useTranslation();
  const online = useOnline();
  const actions = useActions();
  return (
    <>
      <Button look={["small", "quiet"]} disabled={!online} onClick={() => actions.moveMessage(messageId)}>
        {t("move.message")}
      </Button>
      <Button look={["small", "quiet"]} disabled={!online} onClick={() => actions.moveConversation(conversationId)}>
        {t("move.conversation")}
      </Button>
    </>
  );
}

export function MessageMenu({ row }: { row: Extract<Row, { kind: "message" }> }) {
  const { t } = useTranslation();
  const online = useOnline();
  const { api } = useRuntime();
  const actions = useActions();
  const { message, conversation_id } = row.event;
  const { raw } = message;
  const openOriginal = async () => {
    if (raw === null) return;
    const url = URL.createObjectURL(
      new Blob([await (await api.blob(raw)).text()], { type: "text/plain;charset=utf-8" }),
    );
    window.open(url, "_blank", "noopener");
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  };
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <IconButton
          label={t("message.actions")}
          look={["small", "quiet"]}
          className={styles.entryMenu}
          data-testid="message-menu"
        >
          <Ellipsis size={15} aria-hidden="true" />
        </IconButton>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={uiStyles.menu} align="end" collisionPadding={8}>
          <DropdownMenu.Item className={uiStyles.item} onSelect={() => actions.replyOn(conversation_id)}>
            <Reply size={15} aria-hidden="true" />
            {t("message.replyHere")}
          </DropdownMenu.Item>
          <DropdownMenu.Separator className={uiStyles.separator} />
          <DropdownMenu.Item
            className={uiStyles.item}
            disabled={!online}
            onSelect={() => actions.moveMessage(message.message_id)}
          >
            <ArrowRightLeft size={15} aria-hidden="true" />
            {t("move.message")}
          </DropdownMenu.Item>
          <DropdownMenu.Item
            className={uiStyles.item}
            disabled={!online}
            onSelect={() => actions.unlinkMessage(message.message_id)}
          >
            <Split size={15} aria-hidden="true" />
            {t("move.unlinkMessage")}
          </DropdownMenu.Item>
          <DropdownMenu.Item
            className={uiStyles.item}
            disabled={!online}
            onSelect={() => actions.moveConversation(conversation_id)}
          >
            <ArrowRightLeft size={15} aria-hidden="true" />
            {t("move.conversation")}
          </DropdownMenu.Item>
          <DropdownMenu.Item
            className={uiStyles.item}
            disabled={!online}
            onSelect={() => actions.unlinkConversation(conversation_id)}
          >
            <Split size={15} aria-hidden="true" />
            {t("move.unlinkConversation")}
          </DropdownMenu.Item>
          {raw !== null && (
            <>
              <DropdownMenu.Separator className={uiStyles.separator} />
              <DropdownMenu.Item className={uiStyles.item} onSelect={() => void openOriginal()}>
                <FileCode2 size={15} aria-hidden="true" />
                {t("message.original")}
              </DropdownMenu.Item>
            </>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
