import { CircleAlert, FolderX, LockKeyhole } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { go } from "../app/router";
import { useDesk, useDrafts, useOnline, useRuntime } from "../app/runtime";
import { Composer } from "../composer/Composer";
import type { Attachment, DossierView, Status } from "../contracts/types";
import { undoEntry } from "../corrections/perform";
import { done } from "../corrections/taken";
import { useProblemWords } from "../i18n/problems";
import type { Held } from "../live/desk";
import { EMPTY_REPLY } from "../live/drafts";
import { isForbidden, isGone, useDossier } from "../live/queries";
import { Button } from "../ui/Button";
import { Skeleton, State } from "../ui/State";
import { toast } from "../ui/toasts";
import { ActionsContext, type TimelineActions } from "./actions";
import { Arrivals } from "./Arrivals";
import styles from "./dossier.module.css";
import { DossierHeader } from "./DossierHeader";
import { pendingConflict, toDraft, useOutbox } from "./outbox";
import { PresenceLine, useViewing } from "./presence";
import { Timeline } from "./Timeline";

export function Dossier({ id }: { id: string }) {
  const { t } = useTranslation();
  const problem = useProblemWords();
  const { known, error, retry } = useDossier(id);
  if (isGone(error)) {
    return (
      <State icon={FolderX} title={t("dossier.goneTitle")} role="alert">
        <p>{t("dossier.gone")}</p>
        <Button onClick={() => go({ dossierId: null })}>{t("dossier.toInbox")}</Button>
      </State>
    );
  }
  if (isForbidden(error)) {
    return (
      <State icon={LockKeyhole} title={t("dossier.forbiddenTitle")} role="alert">
        <p>{t("dossier.forbidden")}</p>
        <Button onClick={() => go({ dossierId: null })}>{t("dossier.toInbox")}</Button>
      </State>
    );
  }
  if (known?.timeline) return <OpenDossier key={id} view={known.view} timeline={known.timeline} />;
  return (
    <>
      {known && <DossierHeader view={known.view} />}
      {error !== null ? (
        <State icon={CircleAlert} title={t("dossier.failedTitle")} role="alert">
          <p>{problem(error)}</p>
          <Button onClick={retry}>{t("retry")}</Button>
        </State>
      ) : (
        <Loading />
      )}
    </>
  );
}

function Loading() {
  const { t } = useTranslation();
  return (
    <div className={styles.loading} role="status" aria-label={t("dossier.loading")}>
      {[62, 88, 45].map((width, index) => (
        <div key={index} className={styles.loadingRow}>
          <Skeleton width={28} height={28} style={{ borderRadius: "50%" }} />
          <div>
            <Skeleton width={180} />
            <Skeleton width={`${width}%`} />
            <Skeleton width={`${width - 20}%`} />
          </div>
        </div>
      ))}
    </div>
  );
}

function OpenDossier({ view, timeline }: { view: DossierView; timeline: Held }) {
  const id = view.dossier_id;
  const runtime = useRuntime();
  const { drafts, desk } = runtime;
  const online = useOnline();
  const all = useDrafts((kept) => kept.unconfirmed());
  const outgoing = useMemo(() => all.filter((item) => item.dossierId === id), [all, id]);
  const { failed, conflict, post, setConflict } = useOutbox(id, outgoing);

  useViewing(view, timeline.entries);

  // An entry that carries a command's id says that it took effect, whatever became of the answer.
  useEffect(() => {
    const effects = new Set(timeline.entries.slice(-80).map((entry) => entry.effect_id.split(":")[1]));
    for (const item of outgoing) if (effects.has(item.commandId)) drafts.confirmed(item.commandId);
  }, [timeline.entries, outgoing, drafts]);

  // When this dossier is joined with another one, the agent goes along, unless something has been begun here.
  const wasMerged = useRef(view.merged_into !== null);
  useEffect(() => {
    if (view.merged_into === null || wasMerged.current) return;
    wasMerged.current = true;
    if (drafts.hasDraft(id)) return;
    toast({ text: "dossier.joined" });
    go({ dossierId: view.merged_into }, "replace");
  }, [view.merged_into, drafts, id]);

  const send = useCallback(
    (reply: {
      text: string;
      attachments: Attachment[];
      conversationIds: string[];
      statusAfter: Status | null;
      seenSeq: number;
    }) => {
      post({
        type: "reply",
        text: reply.text,
        attachments: reply.attachments,
        conversation_ids: reply.conversationIds,
        status_after: reply.statusAfter,
        seen_seq: reply.seenSeq,
      });
    },
    [post],
  );

  const actions = useMemo<TimelineActions>(() => {
    const find = (commandId: string) => drafts.unconfirmed().find((item) => item.commandId === commandId);
    return {
      dossierId: id,
      undo: (entry) => {
        if (online) void undoEntry(runtime, id, entry).then(done, (error: Error) => toast({ error }));
      },
      replyOn: (conversationId) => {
        drafts.change(id, { mode: "reply", conversationIds: [conversationId] });
        focusComposer();
      },
      sendAgain: (commandId) => {
        const item = find(commandId);
        if (item) post(item.command, item.commandId);
      },
      discard: (commandId) => {
        const item = find(commandId);
        if (!item) return;
        toDraft(drafts, item);
        drafts.confirmed(commandId);
      },
    };
  }, [drafts, id, online, post, runtime]);

  /** The newest entry that the agent has been shown, in the timeline or with the conflict. */
  const newestKnown = () =>
    Math.max(desk.get(id)?.view.seq ?? 0, ...(conflict?.entries.map((entry) => entry.seq) ?? [0]));
  const sendAnyway = () => {
    const item = drafts.unconfirmed().find((each) => each.commandId === conflict?.commandId);
    setConflict(null);
    const mine = drafts.get(id);
    const command = item?.command ?? pendingConflict.get(conflict?.commandId ?? "");
    if (command?.type !== "reply") return;
    drafts.change(id, EMPTY_REPLY);
    post({
      ...command,
      text: mine.text.trimEnd() || command.text,
      attachments: mine.attachments,
      seen_seq: newestKnown(),
    });
    focusComposer();
  };
  const keepWriting = () => {
    drafts.change(id, { sinceSeq: newestKnown() });
    setConflict(null);
    focusComposer();
  };

  return (
    <ActionsContext.Provider value={actions}>
      <DossierHeader view={view} />
      <Timeline
        dossierId={id}
        entries={timeline.entries}
        hasEarlier={timeline.hasEarlier}
        outgoing={outgoing}
        failed={failed}
      />
      <Arrivals entries={timeline.entries} />
      <PresenceLine view={view} />
      {view.merged_into !== null ? (
        <Merged into={view.merged_into} />
      ) : (
        <Composer
          view={view}
          entries={timeline.entries}
          conflict={conflict}
          onSend={send}
          onNote={(text) => post({ type: "add_note", text })}
          onSendAnyway={sendAnyway}
          onKeepWriting={keepWriting}
        />
      )}
    </ActionsContext.Provider>
  );
}

/** In place of the composer: nobody answers in a dossier that is empty. */
function Merged({ into }: { into: string }) {
  const { t } = useTranslation();
  const number = useDesk((desk) => desk.get(into)?.view.number);
  return (
    <div className={styles.merged} data-testid="merged">
      <span>{t("dossier.mergedInto", { number: number ?? t("line.otherDossier") })}</span>
      <Button look="primary" onClick={() => go({ dossierId: into })}>
        {t("dossier.openMerged")}
      </Button>
    </div>
  );
}

function focusComposer(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-testid=composer-text]")?.focus());
}
