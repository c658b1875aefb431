import { Check, ChevronDown, UserRound, UserRoundPlus } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { useOnline, useRuntime } from "../app/runtime";
import type { DossierView } from "../contracts/types";
import { useAgents, useSendCommand } from "../live/queries";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import uiStyles from "../ui/ui.module.css";
import styles from "./dossier.module.css";

export function AssignMenu({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const { me } = useRuntime();
  const online = useOnline();
  const agents = useAgents();
  const command = useSendCommand(view.dossier_id);
  const [open, setOpen] = useState(false);
  const held = view.assigned_to;
  const isMine = held?.id === me.sub;
  const assign = (agent: { id: string; name: string }) =>
    online && command.mutate({ type: "assign", agent: { kind: "agent", id: agent.id, name: agent.name } });
  const unassign = () => online && command.mutate({ type: "unassign" });
  useCommand({ id: "assign", title: t("command.assign"), group: "dossier", keys: "a", run: () => setOpen(true) });
  useCommand(
    {
      id: "assign.me",
      title: t("command.assignMe"),
      group: "dossier",
      keys: "i",
      run: () => assign({ id: me.sub, name: me.name }),
    },
    !isMine,
  );
  useCommand(
    { id: "assign.nobody", title: t("command.unassign"), group: "dossier", keys: "u", run: unassign },
    held !== null,
  );
  return (
    <DropdownMenu.Root open={open} onOpenChange={setOpen}>
      <DropdownMenu.Trigger asChild>
        <Button
          look="small"
          disabled={command.isPending}
          className={styles.assignee}
          data-testid="assignee"
          data-assigned-to={held?.id ?? ""}
          aria-label={
            held === null
              ? t("dossier.unassigned")
              : t("dossier.assignedTo", { name: isMine ? t("me") : (held.name ?? held.id) })
          }
        >
          {held === null ? (
            <UserRoundPlus size={14} aria-hidden="true" />
          ) : (
            <Avatar name={held.name ?? held.id} seed={held.id} size={18} />
          )}
          <span>{held === null ? t("dossier.assign") : isMine ? t("me") : (held.name ?? held.id)}</span>
          <ChevronDown size={13} aria-hidden="true" />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={uiStyles.menu} align="end">
          {agents.map((agent) => (
            <DropdownMenu.Item
              key={agent.id}
              className={uiStyles.item}
              disabled={!online}
              onSelect={() => assign(agent)}
              data-testid={`assign-${agent.id}`}
            >
              <Avatar name={agent.name} seed={agent.id} size={20} />
              {agent.id === me.sub ? t("dossier.me", { name: agent.name }) : agent.name}
              {agent.id === held?.id && <Check size={14} className={uiStyles.itemEnd} aria-hidden="true" />}
            </DropdownMenu.Item>
          ))}
          <DropdownMenu.Separator className={uiStyles.separator} />
          <DropdownMenu.Item
            className={uiStyles.item}
            disabled={!online || held === null}
            onSelect={unassign}
            data-testid="unassign"
          >
            <UserRound size={16} aria-hidden="true" />
            {t("dossier.nobody")}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
