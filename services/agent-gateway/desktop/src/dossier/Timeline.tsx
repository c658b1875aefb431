import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, LoaderCircle } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { PAGE, useOnline, useRuntime } from "../app/runtime";
import type { TimelineEntry } from "../contracts/types";
import { ask } from "../corrections/asking";
import { useFormat } from "../i18n/format";
import type { Outgoing } from "../live/drafts";
import { toast } from "../ui/toasts";
import { estimatedHeight, RowBody } from "./RowBody";
import { rowsOf } from "./rows";
import styles from "./timeline.module.css";

interface TimelineProps {
  dossierId: string;
  entries: readonly TimelineEntry[];
  hasEarlier: boolean;
  outgoing: readonly Outgoing[];
  failed: ReadonlySet<string>;
}

const NEAR_PX = 60;

/** One stream over all channels. What is read does not move when something arrives; a pill says that it did. */
export function Timeline({ dossierId, entries, hasEarlier, outgoing, failed }: TimelineProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { api, desk } = useRuntime();
  const online = useOnline();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => rowsOf(entries, outgoing, format.day), [entries, outgoing, format]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimatedHeight(rows[index]!),
    getItemKey: (index) => rows[index]!.key,
    overscan: 6,
    paddingStart: hasEarlier ? 40 : 12,
    paddingEnd: 16,
  });

  // What is read is held in place here, by the first visible row; the library's own corrections would come on top.
  virtual.shouldAdjustScrollPositionOnItemSizeChange = () => false;

  const atEnd = useRef(true);
  const lastTop = useRef(0);
  const anchor = useRef<{ key: string; offset: number } | null>(null);
  const [seenSeq, setSeenSeq] = useState(entries.at(-1)?.seq ?? 0);
  const [loading, setLoading] = useState(false);
  const [focused, setFocused] = useState<string | null>(null);

  const toEnd = useCallback(() => {
    atEnd.current = true;
    scroller.current!.scrollTop = scroller.current!.scrollHeight;
  }, []);

  const newestSeq = entries.at(-1)?.seq ?? 0;
  const markSeen = useCallback(() => {
    if (document.visibilityState !== "visible") return;
    setSeenSeq(newestSeq);
  }, [newestSeq]);

  const loadEarlier = useCallback(async () => {
    const first = entries[0];
    if (!hasEarlier || loading || first === undefined) return;
    setLoading(true);
    try {
      desk.takeEarlier(dossierId, await api.earlier(dossierId, first.seq, PAGE));
    } catch (error) {
      toast({ error: error as Error });
    } finally {
      setLoading(false);
    }
  }, [api, desk, dossierId, entries, hasEarlier, loading]);

  const onScroll = () => {
    const element = scroller.current!;
    // Who has not scrolled up is still at the end, even if the end has moved away under them.
    const isNear = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    atEnd.current = isNear || (atEnd.current && element.scrollTop >= lastTop.current);
    lastTop.current = element.scrollTop;
    const first = virtual.getVirtualItems().find((item) => item.end > element.scrollTop);
    anchor.current = first ? { key: String(first.key), offset: element.scrollTop - first.start } : null;
    if (atEnd.current) markSeen();
    if (element.scrollTop < 400) void loadEarlier();
  };

  // Earlier pages, words that happened before others, rows that turn out taller than estimated: whatever changes above,
  // the first visible row stays where it is; who reads the end stays at the end.
  const total = virtual.getTotalSize();
  useLayoutEffect(() => {
    const element = scroller.current!;
    if (atEnd.current) {
      element.scrollTop = element.scrollHeight;
      return;
    }
    const kept = anchor.current;
    const index = kept === null ? -1 : rows.findIndex((row) => row.key === kept.key);
    const start = virtual.measurementsCache[index]?.start;
    if (kept !== null && start !== undefined && Math.abs(start + kept.offset - element.scrollTop) >= 1) {
      element.scrollTop = start + kept.offset;
    }
  }, [total, rows, virtual]);

  useEffect(() => {
    if (atEnd.current) markSeen();
    const onVisible = () => atEnd.current && markSeen();
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, [markSeen]);

  useEffect(() => {
    const element = scroller.current!;
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const unseen = rows.filter((row) => "entry" in row && row.kind !== "line" && row.entry.seq > seenSeq).length;

  const moveFocus = (step: 1 | -1) => {
    const stops = rows.filter((row) => row.kind !== "day");
    const current = stops.findIndex((row) => row.key === focused);
    const next = stops[current < 0 ? stops.length - 1 : Math.min(stops.length - 1, Math.max(0, current + step))];
    if (next === undefined) return;
    setFocused(next.key);
    virtual.scrollToIndex(rows.indexOf(next), { align: "auto" });
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(next.key)}"]`)?.focus(),
    );
  };
  useCommand({
    id: "entry.next",
    title: t("command.entryNext"),
    group: "dossier",
    keys: "Shift+J",
    run: () => moveFocus(1),
    hidden: true,
  });
  useCommand({
    id: "entry.previous",
    title: t("command.entryPrevious"),
    group: "dossier",
    keys: "Shift+K",
    run: () => moveFocus(-1),
    hidden: true,
  });
  useCommand({
    id: "entry.why",
    title: t("command.why"),
    group: "dossier",
    keys: "w",
    hidden: true,
    run: () => {
      const row = scroller.current?.querySelector(`[data-row="${CSS.escape(focused ?? rows.at(-1)?.key ?? "")}"]`);
      row?.querySelector<HTMLElement>("[data-testid=why]")?.click();
    },
  });
  /** The message that a key is about: the one in focus, else the newest. */
  const aimed = () => {
    const row = rows.find((each) => each.key === focused);
    if (row !== undefined) return row.kind === "message" ? row.event : null;
    const newest = rows.findLast((each) => each.kind === "message");
    return newest?.kind === "message" ? newest.event : null;
  };
  const askAbout = (what: "move-message" | "move-conversation" | "split") => {
    const event = aimed();
    if (event === null || !online) return;
    const messageId = event.message.message_id;
    const conversationId = event.conversation_id;
    if (what === "move-message") ask({ what, dossierId, messageId });
    else if (what === "move-conversation") ask({ what, dossierId, conversationId });
    else ask({ what, dossierId, conversationId, fromMessageId: messageId });
  };
  useCommand({
    id: "entry.move",
    title: t("command.moveMessage"),
    group: "dossier",
    keys: "v",
    run: () => askAbout("move-message"),
  });
  useCommand({
    id: "entry.moveConversation",
    title: t("command.moveConversation"),
    group: "dossier",
    keys: "Shift+V",
    run: () => askAbout("move-conversation"),
  });
  useCommand({
    id: "entry.split",
    title: t("command.split"),
    group: "dossier",
    keys: "p",
    run: () => askAbout("split"),
  });
  useCommand({ id: "entry.end", title: t("command.toEnd"), group: "dossier", keys: "Shift+G", run: toEnd });

  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        onScroll={onScroll}
        role="feed"
        aria-label={t("timeline.label")}
        aria-busy={loading}
        tabIndex={0} // eslint-disable-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        data-testid="timeline"
      >
        <div style={{ height: total, position: "relative" }}>
          {hasEarlier && (
            <div className={styles.earlier}>
              <LoaderCircle size={14} aria-hidden="true" className={styles.spin} />
              {t("timeline.loadingEarlier")}
            </div>
          )}
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]!;
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                data-row={row.key}
                data-seq={"entry" in row ? row.entry.seq : undefined}
                role={row.kind === "day" ? undefined : "article"}
                aria-posinset={row.kind === "day" ? undefined : item.index + 1}
                aria-setsize={row.kind === "day" ? undefined : hasEarlier ? -1 : rows.length}
                tabIndex={row.kind === "day" ? undefined : -1}
                className={styles.row}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <RowBody row={row} failed={failed} />
              </div>
            );
          })}
        </div>
      </div>
      {unseen > 0 && !atEnd.current && (
        <button type="button" className={styles.pill} onClick={toEnd} data-testid="new-pill">
          <ArrowDown size={14} aria-hidden="true" />
          {t("timeline.new", { count: unseen })}
        </button>
      )}
    </div>
  );
}
