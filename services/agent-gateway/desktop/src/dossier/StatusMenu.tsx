import { Check, ChevronDown } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { useOnline } from "../app/runtime";
import type { DossierView, Status } from "../contracts/types";
import { useSendCommand } from "../live/queries";
import { Button } from "../ui/Button";
import uiStyles from "../ui/ui.module.css";
import { StatusMark } from "./StatusMark";

const CHOICES: readonly Status[] = ["open", "waiting", "closed"];

export function StatusMenu({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const online = useOnline();
  const command = useSendCommand(view.dossier_id);
  const [open, setOpen] = useState(false);
  const set = (status: Status) => status !== view.status && online && command.mutate({ type: "change_status", status });
  const isClosed = view.status === "closed";
  useCommand({
    id: "status.close",
    title: t(isClosed ? "command.reopen" : "command.close"),
    group: "dossier",
    keys: "e",
    run: () => set(isClosed ? "open" : "closed"),
  });
  useCommand(
    { id: "status.wait", title: t("command.wait"), group: "dossier", keys: "h", run: () => set("waiting") },
    !isClosed,
  );
  useCommand({ id: "status.menu", title: t("command.status"), group: "dossier", keys: "s", run: () => setOpen(true) });
  return (
    <DropdownMenu.Root open={open} onOpenChange={setOpen}>
      <DropdownMenu.Trigger asChild>
        <Button
          look="small"
          disabled={command.isPending}
          aria-label={t("dossier.statusNow", { status: t(`status.${view.status}`) })}
          data-testid="status"
          data-status={view.status}
        >
          <StatusMark status={view.status} />
          <ChevronDown size={13} aria-hidden="true" />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={uiStyles.menu} align="end">
          {CHOICES.map((status) => (
            <DropdownMenu.Item
              key={status}
              className={uiStyles.item}
              disabled={!online}
              onSelect={() => set(status)}
              data-testid={`set-${status}`}
            >
              <StatusMark status={status} />
              {status === view.status && <Check size={14} className={uiStyles.itemEnd} aria-hidden="true" />}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
