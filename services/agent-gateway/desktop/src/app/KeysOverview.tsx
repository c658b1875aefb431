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
  const rows = [
    ...commands.flatMap(({ group, title, keys }) => (keys === undefined ? [] : [{ group, title, keys }])),
    ...LOCAL.map(({ group, title, keys }) => ({ group, title: t(title), keys })),
  ];
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
            {GROUPS.map((group) => ({ group, rows: rows.filter((each) => each.group === group) }))
              .filter((each) => each.rows.length > 0)
              .map((each) => (
                <section key={each.group} className={styles.keysGroup}>
                  <h3>{t(`keys.${each.group}`)}</h3>
                  {each.rows.map(({ title, keys }) => (
                    <div key={`${title}/${keys}`} className={styles.keysRow}>
                      <span>{title}</span>
                      <Keys keys={keys} />
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
