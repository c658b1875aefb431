import {
  ArrowLeft,
  ArrowRightLeft,
  Check,
  ChevronDown,
  Lightbulb,
  PanelRight,
  Reply,
  Split,
  UserRound,
  UserRoundPlus,
} from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useContext, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { useCustomerPanel } from "../app/panels";
import { go } from "../app/router";
import { useOnline, useRuntime } from "../app/runtime";
import type { ConversationView, DossierView, Status } from "../contracts/types";
import { useFormat, useNow } from "../i18n/format";
import { useAgents, useSendCommand } from "../live/queries";
import { AssuranceMark } from "../ui/Assurance";
import { Avatar } from "../ui/Avatar";
import { Button, IconButton } from "../ui/Button";
import { ChannelMark, channelWord } from "../ui/ChannelMark";
import { toast } from "../ui/toasts";
import uiStyles from "../ui/ui.module.css";
import { ActionsContext } from "./actions";
import styles from "./dossier.module.css";
import { networkOf } from "./network";
import { Watchers } from "./presence";
import { StatusMark } from "./StatusMark";

export function DossierHeader({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const panel = useCustomerPanel();
  const copyNumber = () =>
    void navigator.clipboard
      .writeText(view.number)
      .then(() => toast({ text: "dossier.copied", values: { number: view.number } }));
  return (
    <header className={styles.header} data-testid="dossier-header" data-dossier={view.dossier_id}>
      <div className={styles.titleRow}>
        <IconButton label={t("dossier.back")} className={styles.back} onClick={() => go({ dossierId: null })}>
          <ArrowLeft size={18} aria-hidden="true" />
        </IconButton>
        <h1 title={view.subject ?? undefined}>{view.subject ?? t("dossier.noSubject")}</h1>
        <Watchers view={view} />
        <StatusMenu view={view} />
        <AssignMenu view={view} />
        {!panel.open && view.suggestions.length > 0 && (
          <Button look="small" className={styles.suggestions} onClick={() => panel.show(true)}>
            <Lightbulb size={14} aria-hidden="true" />
            {t("suggestion.label", { count: view.suggestions.length })}
          </Button>
        )}
        <IconButton
          label={t(panel.open ? "customer.hide" : "customer.show")}
          keys="c"
          aria-pressed={panel.open}
          onClick={() => panel.show(!panel.open)}
          className={styles.panelToggle}
          data-testid="customer-toggle"
        >
          <PanelRight size={17} aria-hidden="true" />
        </IconButton>
      </div>
      <div className={styles.metaRow}>
        <button
          type="button"
          className={styles.number}
          onClick={copyNumber}
          aria-label={t("dossier.copyNumber", { number: view.number })}
        >
          {view.number}
        </button>
        <ul className={styles.conversations} aria-label={t("dossier.conversations")}>
          {view.conversations.map((each) => (
            <ConversationChip key={each.conversation.conversation_id} conversation={each} />
          ))}
        </ul>
        {view.unanswered_since !== null && view.status !== "closed" && (
          <span className={styles.waits} title={format.full(view.unanswered_since)}>
            {t("dossier.waits", { span: format.ago(view.unanswered_since, now) })}
          </span>
        )}
      </div>
    </header>
  );
}

function ConversationChip({ conversation }: { conversation: ConversationView }) {
  const { t } = useTranslation();
  const online = useOnline();
  const actions = useContext(ActionsContext);
  const { channel, conversation_id: id, account } = conversation.conversation;
  const network = networkOf(conversation.identity);
  return (
    <li>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger
          className={styles.conversation}
          disabled={actions === null}
          data-testid="conversation"
          data-channel={channel}
          data-conversation-id={id}
        >
          <ChannelMark channel={channel} network={network} size={13} />
          {conversation.assurance === "claimed" && <AssuranceMark assurance="claimed" />}
          <ChevronDown size={12} aria-hidden="true" />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className={uiStyles.menu} align="start" collisionPadding={8}>
            <DropdownMenu.Label className={uiStyles.menuLabel}>
              {[
                channelWord(t, channel, network),
                conversation.display_name ?? conversation.identity?.value,
                t("dossier.account", { account }),
              ]
                .filter(Boolean)
                .join(" · ")}
            </DropdownMenu.Label>
            <DropdownMenu.Item className={uiStyles.item} onSelect={() => actions?.replyOn(id)}>
              <Reply size={15} aria-hidden="true" />
              {t("message.replyHere")}
            </DropdownMenu.Item>
            <DropdownMenu.Item
              className={uiStyles.item}
              disabled={!online}
              onSelect={() => actions?.moveConversation(id)}
            >
              <ArrowRightLeft size={15} aria-hidden="true" />
              {t("move.conversation")}
            </DropdownMenu.Item>
            <DropdownMenu.Item
              className={uiStyles.item}
              disabled={!online}
              onSelect={() => actions?.unlinkConversation(id)}
            >
              <Split size={15} aria-hidden="true" />
              {t("move.unlinkConversation")}
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </li>
  );
}

const CHOICES: readonly Status[] = ["open", "waiting", "closed"];

function StatusMenu({ view }: { view: DossierView }) {
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

function AssignMenu({ view }: { view: DossierView }) {
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
