import { useVirtualizer } from "@tanstack/react-virtual";
import { CircleAlert, Search, X } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { ConnectionNote } from "../app/ConnectionState";
import { go } from "../app/router";
import { useConnection } from "../app/runtime";
import { useProblemWords } from "../i18n/problems";
import { useInbox } from "../live/queries";
import { Button, IconButton } from "../ui/Button";
import { ChannelMark } from "../ui/ChannelMark";
import { Skeleton, State } from "../ui/State";
import styles from "./inbox.module.css";
import { InboxRow, ROW_PX } from "./InboxRow";
import { inboxView, type InboxFilter } from "./views";

const CHANNELS = ["email", "chat", "social"] as const;

export function Inbox({ viewId, dossierId }: { viewId: string; dossierId: string | null }) {
  const { t } = useTranslation();
  const problem = useProblemWords();
  const connection = useConnection();
  const view = inboxView(viewId);
  const [channel, setChannel] = useState<string | null>(null);
  const [q, setQ] = useState("");
  const wanted = useDeferredValue(q);
  const filter = useMemo<InboxFilter>(() => ({ channel, q: wanted }), [channel, wanted]);
  const searching = wanted.trim() !== "";
  const { query, dossiers } = useInbox(view, filter);
  const scroller = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const virtual = useVirtualizer({
    count: dossiers.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => dossiers[index]!.dossier_id,
    overscan: 10,
  });

  useEffect(() => setQ(""), [viewId]);
  useEffect(() => {
    scroller.current?.scrollTo(0, 0); // Newer browsers answer with a promise, which is no clean-up.
  }, [viewId, channel, wanted]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= dossiers.length - 12) void fetchNextPage();
  }, [last, dossiers.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const lastAt = useRef(-1);
  const place = dossiers.findIndex((each) => each.dossier_id === dossierId);
  useEffect(() => {
    if (place >= 0) lastAt.current = place;
  }, [place]);
  const step = (by: 1 | -1) => {
    const at = dossiers.findIndex((each) => each.dossier_id === dossierId);
    // What has just left the list (closed, say) leaves its place: the one that moved up is the next.
    const to =
      at >= 0 ? at + by : dossierId === null || lastAt.current < 0 ? 0 : by > 0 ? lastAt.current : lastAt.current - 1;
    const next = dossiers[Math.min(dossiers.length - 1, Math.max(0, to))];
    if (next === undefined) return;
    go({ dossierId: next.dossier_id }, dossierId === null ? "push" : "replace");
    virtual.scrollToIndex(dossiers.indexOf(next), { align: "auto" });
  };
  useCommand({ id: "next", title: t("command.next"), group: "go", keys: "j", run: () => step(1) });
  useCommand({ id: "previous", title: t("command.previous"), group: "go", keys: "k", run: () => step(-1) });
  useCommand({ id: "search", title: t("command.search"), group: "go", keys: "/", run: () => field.current?.focus() });

  const empty = searching ? "search" : view.id;
  return (
    <>
      <header className={styles.head}>
        <div className={styles.titleRow}>
          <h1>{searching ? t("inbox.results") : t(`view.${view.id}`)}</h1>
          <ConnectionNote />
        </div>
        <div className={styles.search}>
          <Search size={14} aria-hidden="true" />
          <input
            ref={field}
            type="search"
            value={q}
            placeholder={t("inbox.search")}
            aria-label={t("inbox.search")}
            data-testid="inbox-search"
            onChange={(event) => setQ(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") {
                setQ("");
                field.current?.blur();
              } else if (event.key === "Enter" && dossiers[0]) {
                go({ dossierId: dossiers[0].dossier_id });
              }
            }}
          />
          {q === "" ? (
            <kbd aria-hidden="true">/</kbd>
          ) : (
            <IconButton label={t("inbox.clear")} look={["small", "quiet"]} onClick={() => setQ("")}>
              <X size={13} aria-hidden="true" />
            </IconButton>
          )}
        </div>
        <div className={styles.filters} role="group" aria-label={t("inbox.all")}>
          <button type="button" aria-pressed={channel === null} onClick={() => setChannel(null)}>
            {t("inbox.all")}
          </button>
          {CHANNELS.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={channel === each}
              onClick={() => setChannel(channel === each ? null : each)}
              data-testid={`filter-${each}`}
              title={t(`channel.${each}`)}
            >
              <ChannelMark channel={each} size={15} iconOnly />
            </button>
          ))}
        </div>
      </header>
      <div ref={scroller} className={styles.scroller} data-testid="inbox" tabIndex={-1}>
        {query.isError && dossiers.length === 0 ? (
          <State icon={CircleAlert} title={t("inbox.failed")} role="alert">
            <p>{problem(query.error)}</p>
            <Button onClick={() => void query.refetch()}>{t("retry")}</Button>
          </State>
        ) : query.data === undefined ? (
          <Loading label={connection.state === "offline" ? t("connection.offline") : t("inbox.loading")} />
        ) : dossiers.length === 0 ? (
          <State icon={searching ? Search : view.icon} title={t(`inbox.empty.${empty}`)}>
            <p>
              <Trans i18nKey={`inbox.empty.${empty}Text`} components={[<kbd key="key" className={styles.kbd} />]} />
            </p>
          </State>
        ) : (
          <ul
            style={{ height: virtual.getTotalSize(), position: "relative" }}
            aria-label={t("inbox.label", { view: t(`view.${view.id}`) })}
          >
            {items.map((item) => (
              <li
                key={item.key}
                className={styles.item}
                style={{ transform: `translateY(${item.start}px)` }}
                aria-setsize={hasNextPage ? -1 : dossiers.length}
                aria-posinset={item.index + 1}
              >
                <InboxRow
                  view={dossiers[item.index]!}
                  selected={dossiers[item.index]!.dossier_id === dossierId}
                  viewId={view.id}
                  showsAssignee={searching || view.assigned === "any"}
                />
              </li>
            ))}
          </ul>
        )}
        {isFetchingNextPage && <div className={styles.more}>{t("inbox.more")}</div>}
      </div>
    </>
  );
}

function Loading({ label }: { label: string }) {
  return (
    <div role="status" aria-label={label}>
      {Array.from({ length: 7 }, (_, index) => (
        <div key={index} className={styles.skeletonRow}>
          <Skeleton width={`${52 + ((index * 17) % 30)}%`} />
          <Skeleton width={`${70 + ((index * 13) % 25)}%`} />
          <Skeleton width={`${40 + ((index * 29) % 40)}%`} height={10} />
        </div>
      ))}
    </div>
  );
}
