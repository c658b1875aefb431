import { useCallback, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useDesk, useOnline, useRuntime } from "../app/runtime";
import type { Desk, Presence } from "../live/desk";
import type { DossierView, TimelineEntry } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { Avatar } from "../ui/Avatar";
import { Tip } from "../ui/Tip";
import styles from "./dossier.module.css";

const SAY_EVERY_MS = 10_000;

/** Tells the others that this dossier is looked at, and the customer that the newest message was read. */
export function useViewing(view: DossierView, entries: readonly TimelineEntry[]): void {
  const { api } = useRuntime();
  const online = useOnline();
  const id = view.dossier_id;
  useEffect(() => {
    if (!online) return;
    const say = () => {
      if (document.visibilityState === "visible") void api.presence(id, "viewing", []).catch(() => undefined);
    };
    say();
    const timer = setInterval(say, SAY_EVERY_MS);
    return () => clearInterval(timer);
  }, [api, id, online]);

  const newest = useMemo(
    () =>
      entries.findLast((entry) => entry.event.type === "message_linked" && entry.event.message.direction === "inbound"),
    [entries],
  );
  const read = useRef("");
  useEffect(() => {
    if (!online || newest?.event.type !== "message_linked" || document.visibilityState !== "visible") return;
    const { message, conversation_id } = newest.event;
    if (read.current === message.message_id) return;
    read.current = message.message_id;
    void api.read(id, conversation_id, message.message_id).catch(() => undefined);
  }, [api, id, newest, online]);
}

function useOthers(view: DossierView): Presence[] {
  const { me } = useRuntime();
  return useDesk(
    useCallback(
      (desk: Desk) => desk.presencesOf(view).filter(({ change }) => change.actor.id !== me.sub),
      [view, me.sub],
    ),
  );
}

/** The other agents who look at this dossier now. */
export function Watchers({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const agents = unique(useOthers(view).filter(({ change }) => change.actor.kind === "agent"));
  if (agents.length === 0) return null;
  return (
    <ul className={styles.watchers} aria-label={t("presence.watching")} data-testid="watchers">
      {agents.map(({ change }) => {
        const name = change.actor.name ?? change.actor.id;
        const words = t(change.activity === "typing" ? "presence.agentTypes" : "presence.agentLooks", { name });
        return (
          <li key={change.actor.id}>
            <Tip label={words}>
              <span className={styles.watcher} data-typing={change.activity === "typing"}>
                <Avatar name={name} seed={change.actor.id} size={24} />
                <span className="visually-hidden">{words}</span>
              </span>
            </Tip>
          </li>
        );
      })}
    </ul>
  );
}

/** Who writes now: an agent an answer, or the customer the next message. */
export function PresenceLine({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const typing = unique(useOthers(view).filter(({ change }) => change.activity === "typing"));
  const agents = typing
    .filter(({ change }) => change.actor.kind === "agent")
    .map(({ change }) => change.actor.name ?? change.actor.id);
  const visitor = typing.some(({ change }) => change.actor.kind === "customer");
  return (
    <div className={styles.presence} role="status" data-testid="presence">
      {agents.length > 0 && (
        <span>{t("presence.agentsType", { count: agents.length, names: format.list(agents) })}</span>
      )}
      {visitor && <span>{t("presence.customerTypes", { name: view.customer_name ?? t("customer.unnamed") })}</span>}
    </div>
  );
}

/** One line for each person; who types is not also said to look. */
function unique(presences: readonly Presence[]): Presence[] {
  const byActor = new Map<string, Presence>();
  for (const presence of presences) {
    const before = byActor.get(presence.change.actor.id);
    if (before === undefined || presence.change.activity === "typing") byActor.set(presence.change.actor.id, presence);
  }
  return [...byActor.values()];
}
