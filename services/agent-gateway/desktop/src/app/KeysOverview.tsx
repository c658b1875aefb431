import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { IconButton } from "../ui/Button";
import { focusDialog } from "../ui/focusDialog";
import { Keys } from "../ui/Keys";
import uiStyles from "../ui/ui.module.css";
import { useCommands, type AppCommand } from "./commands";
import styles from "./shell.module.css";

const GROUPS: readonly AppCommand["group"][] = ["go", "dossier", "write", "app"];
/** Keys that belong to a field or a card rather than to the whole screen. */
const LOCAL = [
  { group: "write", title: "command.send", keys: "mod+Enter" },
  { group: "write", title: "command.leaveField", keys: "Escape" },
] as const;

export function KeysOverview({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const commands = useCommands();
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className={uiStyles.scrim} />
        <Dialog.Content
          className={uiStyles.dialog}
          aria-describedby={undefined}
          data-testid="keys"
          onOpenAutoFocus={focusDialog}
        >
          <div className={uiStyles.dialogHead}>
            <Dialog.Title asChild>
              <h2>{t("keys.title")}</h2>
            </Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label={t("close")}>
                <X size={16} aria-hidden="true" />
              </IconButton>
            </Dialog.Close>
          </div>
          <div className={`${uiStyles.dialogBody} ${styles.keysGrid}`}>
            {GROUPS.map((group) => (
              <section key={group} className={styles.keysGroup}>
                <h3>{t(`keys.${group}`)}</h3>
                {commands
                  .filter((each) => each.group === group && each.keys !== undefined)
                  .map((each) => (
                    <div key={each.id} className={styles.keysRow}>
                      <span>{each.title}</span>
                      <Keys keys={each.keys!} />
                    </div>
                  ))}
                {LOCAL.filter((each) => each.group === group).map((each) => (
                  <div key={each.keys} className={styles.keysRow}>
                    <span>{t(each.title)}</span>
                    <Keys keys={each.keys} />
                  </div>
                ))}
              </section>
            ))}
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
