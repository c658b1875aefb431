import { ChevronDown, Send } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useTranslation } from "react-i18next";
import type { Status } from "../contracts/types";
import { Button } from "../ui/Button";
import { Keys } from "../ui/Keys";
import uiStyles from "../ui/ui.module.css";
import styles from "./composer.module.css";

interface SendButtonProps {
  /** To how many conversations. */
  count: number;
  disabled: boolean;
  onSend: (statusAfter: Status | null) => void;
}

/** Sends, and leaves the dossier waiting for the customer, as it is, or closed. */
export function SendButton({ count, disabled, onSend }: SendButtonProps) {
  const { t } = useTranslation();
  return (
    <div className={styles.split}>
      <Button look="primary" disabled={disabled} onClick={() => onSend("waiting")} data-testid="send">
        <Send size={14} aria-hidden="true" />
        {count > 1 ? t("composer.sendTo", { count }) : t("composer.send")}
        <Keys keys="mod+Enter" />
      </Button>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger asChild>
          <Button look="primary" disabled={disabled} aria-label={t("composer.sendMore")} data-testid="send-more">
            <ChevronDown size={15} aria-hidden="true" />
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className={uiStyles.menu} align="end" side="top" sideOffset={6}>
            <DropdownMenu.Item className={uiStyles.item} onSelect={() => onSend("waiting")}>
              {t("composer.andWait")}
              <span className={uiStyles.itemEnd}>{t("composer.usual")}</span>
            </DropdownMenu.Item>
            <DropdownMenu.Item className={uiStyles.item} onSelect={() => onSend(null)}>
              {t("composer.andKeep")}
            </DropdownMenu.Item>
            <DropdownMenu.Item className={uiStyles.item} onSelect={() => onSend("closed")}>
              {t("composer.andClose")}
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </div>
  );
}
