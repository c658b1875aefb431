import { Eye, ImagePlus, Users } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { useDrafts, useOnline, useRuntime } from "../app/runtime";
import type { Attachment, DossierView, Status, TimelineEntry } from "../contracts/types";
import { EMPTY_REPLY, type Draft } from "../live/drafts";
import { useFormat, useNow } from "../i18n/format";
import { Button, IconButton } from "../ui/Button";
import { Keys } from "../ui/Keys";
import styles from "./composer.module.css";
import { Conflict, type ReplyConflict } from "./Conflict";
import { Kept } from "./Kept";
import { expectedTarget, looksFormatted, obstacleOf } from "./limits";
import { ModeSwitch } from "./ModeSwitch";
import { Pictures } from "./Pictures";
import { Preview } from "./Preview";
import { SendButton } from "./SendButton";
import { Targets } from "./Targets";
import { useUploads } from "./uploads";


interface ComposerProps {
  view: DossierView;
  entries: readonly TimelineEntry[];
  conflict: ReplyConflict | null;
  onSend: (reply: {
    text: string;
    attachments: Attachment[];
    conversationIds: string[];
    statusAfter: Status | null;
    seenSeq: number;
  }) => void;
  onNote: (text: string) => void;
  onSendAnyway: () => void;
  onKeepWriting: () => void;
}

const TYPING_EVERY_MS = 4_000;

/** One text for one or several conversations at once, with what each of them takes. */
export function Composer({ view, entries, conflict, onSend, onNote, onSendAnyway, onKeepWriting }: ComposerProps) {
  const { t } = useTranslation();
  const { api, drafts, me } = useRuntime();
  const format = useFormat();
  const online = useOnline();
  const now = useNow();
  const id = view.dossier_id;
  const draft = useDrafts((kept) => kept.get(id));
  const area = useRef<HTMLTextAreaElement>(null);
  const filePicker = useRef<HTMLInputElement>(null);
  const { uploads, take, again, forget } = useUploads((attachment) => {
    const kept = drafts.get(id);
    drafts.change(id, { attachments: [...kept.attachments, attachment], sinceSeq: begun(kept) ?? view.seq });
  });
  const [previewing, setPreviewing] = useState(false);
  const [dropping, setDropping] = useState(false);
  const isNote = draft.mode === "note";
  const text = isNote ? draft.note : draft.text;

  const expected = useMemo(
    () => expectedTarget(view.conversations, view.last_message?.channel ?? null),
    [view.conversations, view.last_message],
  );
  const chosenIds = draft.conversationIds ?? (expected === null ? [] : [expected]);
  const chosen = view.conversations.filter((each) => chosenIds.includes(each.conversation.conversation_id));
  const obstacles = new Map(
    view.conversations.map((each) => [each.conversation.conversation_id, obstacleOf(each, draft.attachments, now)]),
  );
  const blocked = chosen.some((each) => obstacles.get(each.conversation.conversation_id) !== null);
  const since = begun(draft);
  const repliedSince = useMemo(
    () =>
      since === null
        ? []
        : [
            ...new Set(
              entries
                .filter((each) => each.seq > since && each.event.type === "reply_requested" && each.actor.id !== me.sub)
                .map((each) => each.actor.name ?? each.actor.id),
            ),
          ],
    [entries, since, me.sub],
  );
  const isEmpty = isNote ? text.trim() === "" : text.trim() === "" && draft.attachments.length === 0;
  const uploading = uploads.some((each) => each.failed === null);
  const canSend = online && !isEmpty && (isNote || (chosen.length > 0 && !blocked && !uploading && conflict === null));

  const write = (value: string) => {
    if (isNote) {
      drafts.change(id, { note: value });
    } else {
      drafts.change(id, { text: value, sinceSeq: begun(draft) ?? view.seq });
      sayTyping();
    }
  };

  const lastTyping = useRef(0);
  const sayTyping = () => {
    if (!online || Date.now() - lastTyping.current < TYPING_EVERY_MS) return;
    lastTyping.current = Date.now();
    void api.presence(id, "typing", chosenIds).catch(() => undefined);
  };

  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, Math.round(innerHeight * 0.36))}px`;
  }, [text, isNote]);

  const focus = useCallback(
    (mode: "reply" | "note") => {
      drafts.change(id, { mode });
      requestAnimationFrame(() => area.current?.focus());
    },
    [drafts, id],
  );
  useCommand({ id: "reply", title: t("command.reply"), group: "write", keys: "r", run: () => focus("reply") });
  useCommand({ id: "note", title: t("command.note"), group: "write", keys: "n", run: () => focus("note") });

  const choose = (conversationId: string, on: boolean) => {
    const rest = chosenIds.filter((each) => each !== conversationId);
    drafts.change(id, { conversationIds: on ? [...rest, conversationId] : rest });
    // The chip that was pressed is gone; the text is where one goes on, and where the keys that send are heard.
    area.current?.focus();
  };

  const send = (statusAfter: Status | null) => {
    if (!canSend) return;
    if (isNote) {
      onNote(text.trim());
      drafts.change(id, { note: "", mode: "reply" });
    } else {
      lastTyping.current = 0;
      void api.presence(id, "idle", chosenIds).catch(() => undefined);
      onSend({
        text: text.trimEnd(),
        attachments: draft.attachments,
        conversationIds: chosenIds,
        statusAfter,
        seenSeq: begun(draft) ?? view.seq,
      });
      drafts.change(id, EMPTY_REPLY);
      setPreviewing(false);
    }
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      send("waiting");
    } else if (event.key === "Escape") {
      event.preventDefault();
      area.current?.blur();
      document.querySelector<HTMLElement>("[data-testid=timeline]")?.focus();
    }
  };

  useEffect(() => () => void api.presence(id, "idle", []).catch(() => undefined), [api, id]);

  return (
    <section
      className={styles.composer}
      data-mode={draft.mode}
      data-dropping={dropping}
      aria-label={t("composer.label")}
      data-testid="composer"
      onDragOver={(event) => {
        if (isNote || ![...event.dataTransfer.types].includes("Files")) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node) && setDropping(false)}
      onDrop={(event) => {
        setDropping(false);
        if (isNote) return;
        event.preventDefault();
        take(event.dataTransfer.files);
      }}
    >
      {conflict !== null && (
        <Conflict conflict={conflict} mine={draft.text} onSendAnyway={onSendAnyway} onKeepWriting={onKeepWriting} />
      )}
      <div className={styles.top}>
        <ModeSwitch isNote={isNote} onChange={focus} />
        {isNote ? (
          <span className={styles.noteHint}>{t("composer.noteHint")}</span>
        ) : (
          <Targets
            view={view}
            chosenIds={chosenIds}
            obstacles={obstacles}
            text={draft.text}
            now={now}
            onChoose={choose}
          />
        )}
      </div>
      {!isNote && conflict === null && repliedSince.length > 0 && (
        <p className={styles.hint} role="status" data-testid="replied-since">
          <Users size={13} aria-hidden="true" />
          {t("composer.since", { who: format.list(repliedSince) })}
        </p>
      )}
      <textarea
        ref={area}
        className={styles.area}
        value={text}
        rows={2}
        dir="auto"
        placeholder={isNote ? t("composer.notePlaceholder") : t("composer.placeholder")}
        aria-label={isNote ? t("composer.note") : t("composer.text")}
        data-testid="composer-text"
        onChange={(event) => write(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={(event) => {
          if (isNote || event.clipboardData.files.length === 0) return;
          event.preventDefault();
          take(event.clipboardData.files);
        }}
      />
      {!isNote && (
        <Pictures
          attachments={draft.attachments}
          uploads={uploads}
          onRemove={(index) =>
            drafts.change(id, { attachments: draft.attachments.filter((_, other) => other !== index) })
          }
          onAgain={again}
          onForget={forget}
        />
      )}
      {!isNote && previewing && (
        <Preview view={view} targets={chosen} text={draft.text} attachments={draft.attachments} />
      )}
      {!isNote && looksFormatted(draft.text) && chosen.length > 0 && (
        <p className={styles.hint}>{t("composer.plainText", { count: chosen.length })}</p>
      )}
      <div className={styles.foot}>
        {!isNote && (
          <>
            <input
              ref={filePicker}
              type="file"
              accept="image/*"
              multiple
              hidden
              data-testid="file-input"
              onChange={(event) => {
                take(event.target.files ?? []);
                event.target.value = "";
              }}
            />
            <IconButton label={t("composer.addPicture")} onClick={() => filePicker.current?.click()} disabled={!online}>
              <ImagePlus size={17} aria-hidden="true" />
            </IconButton>
            <IconButton
              label={t("composer.preview")}
              aria-pressed={previewing}
              onClick={() => setPreviewing(!previewing)}
              disabled={chosen.length === 0}
            >
              <Eye size={17} aria-hidden="true" />
            </IconButton>
          </>
        )}
        <Kept online={online} isEmpty={isEmpty} />
        {isNote ? (
          <Button
            look="primary"
            className={styles.noteSend}
            disabled={!canSend}
            onClick={() => send(null)}
            data-testid="send"
          >
            {t("composer.addNote")}
            <Keys keys="mod+Enter" />
          </Button>
        ) : (
          <SendButton count={chosen.length} disabled={!canSend} onSend={send} />
        )}
      </div>
      {dropping && (
        <div className={styles.drop}>
          <ImagePlus size={22} aria-hidden="true" />
          {t("composer.drop")}
        </div>
      )}
    </section>
  );
}

/** The newest entry when this draft was begun; null: nothing has been begun. */
const begun = (draft: Draft): number | null =>
  draft.text === "" && draft.attachments.length === 0 ? null : draft.sinceSeq;
