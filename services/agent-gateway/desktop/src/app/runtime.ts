import { QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useRef, useSyncExternalStore } from "react";
import { Problem, Unreachable, type Api, type Config, type Me } from "../api/client";
import type { Session } from "../api/session";
import { Desk } from "../live/desk";
import { Drafts } from "../live/drafts";
import { Stream, type Connection, type Socket } from "../live/stream";

export const PAGE = 200;
export const INBOX_PAGE = 50;

/** Everything that outlives a screen: the connection, what is known, what was begun. One per signed-in agent. */
export interface Runtime {
  api: Api;
  desk: Desk;
  drafts: Drafts;
  queries: QueryClient;
  config: Config;
  me: Me;
  connection: Store<Connection>;
  /** Whether the first inbox page has come, with the cursor that the stream began from. */
  started: Store<boolean>;
  signInAgain: () => Promise<void>;
  signOut: () => void;
  close: () => void;
}

export class Store<T> {
  private readonly listeners = new Set<() => void>();
  constructor(private value: T) {}
  get = (): T => this.value;
  set(value: T): void {
    this.value = value;
    for (const listener of this.listeners) listener();
  }
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
}

export function newQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Infinity, // What is shown stays right by the stream, not by asking again.
        refetchOnWindowFocus: false,
        networkMode: "always",
        retry: (count, error) => error instanceof Unreachable && count < 6,
        retryDelay: (count) => Math.min(8000, 400 * 2 ** count),
      },
    },
  });
}

export interface RuntimeOptions {
  api: Api;
  session: Session;
  config: Config;
  me: Me;
  queries: QueryClient;
  connection: Store<Connection>;
}

export function startRuntime({ api, session, config, me, queries, connection }: RuntimeOptions): Runtime {
  const started = new Store(false);
  const desk = new Desk({
    refetch: async (id, withTimeline) => {
      try {
        return await api.dossier(id, withTimeline ? PAGE : 1);
      } catch (error) {
        if (error instanceof Problem && [403, 404].includes(error.status)) return null;
        throw error;
      }
    },
  });
  let wasLive = false;
  const stream = new Stream({
    connect: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/stream`) as unknown as Socket,
    token: session.token,
    onMessage: (message) => {
      if (message.type === "events") desk.applyEvents(message.events);
      else if (message.type === "customers") desk.takeCustomers(message.customers);
      else if (message.type === "presence") desk.takePresences(message.presence);
    },
    onConnection: (state) => {
      connection.set(state);
      if (state.state === "live") {
        // The stream continues dossiers from its cursor; customers' cards are asked for again.
        if (wasLive) void queries.invalidateQueries({ queryKey: ["customer"] });
        wasLive = true;
      }
    },
    onReset: () => {
      desk.reset();
      started.set(false);
      void begin();
    },
  });

  /** The first page comes before the stream: its cursor is where the stream begins, and nothing lies in between. */
  async function begin(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const inbox = await api.inbox({ status: ["open", "reopened", "waiting"], limit: INBOX_PAGE });
        desk.takeViews(inbox.dossiers);
        stream.resume(inbox.cursor);
        await queries.invalidateQueries({ queryKey: ["inbox"], refetchType: "none" });
        await queries.invalidateQueries({ queryKey: ["dossier"], refetchType: "none" });
        started.set(true);
        void queries.refetchQueries({ queryKey: ["inbox"], type: "active" });
        void queries.refetchQueries({ queryKey: ["dossier"], type: "active" });
        return;
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return;
        if (error instanceof Problem && error.status === 403) {
          connection.set({ state: "signed-out", reason: "forbidden" });
          return;
        }
        connection.set({ state: "offline", since: Date.now(), attempt });
        await new Promise((done) => setTimeout(done, Math.min(8000, 500 * 2 ** attempt)));
      }
    }
  }

  let renewal: ReturnType<typeof setTimeout> | undefined;
  function renewInTime(): void {
    const due = session.renewalDue();
    if (due === null) return;
    renewal = setTimeout(() => {
      session.renew(config).then(
        (token) => {
          stream.renew(token);
          renewInTime();
        },
        () => undefined, // The stream will be closed with `token-expired`, and the agent signs in again.
      );
    }, due);
  }

  const online = () => stream.networkChanged(true);
  const offline = () => stream.networkChanged(false);
  addEventListener("online", online);
  addEventListener("offline", offline);
  const drafts = new Drafts(me.sub);
  const elsewhere = (event: StorageEvent) => drafts.changedElsewhere(event.key);
  addEventListener("storage", elsewhere);
  const pruning = setInterval(() => desk.prune(), 1000);
  renewInTime();
  void begin();

  return {
    api,
    desk,
    queries,
    config,
    me,
    connection,
    started,
    drafts,
    signInAgain: () => session.signIn(config, location.pathname),
    signOut: () => {
      session.clear();
      location.assign("/");
    },
    close: () => {
      clearTimeout(renewal);
      clearInterval(pruning);
      removeEventListener("storage", elsewhere);
      removeEventListener("online", online);
      removeEventListener("offline", offline);
      stream.stop();
    },
  };
}

export const RuntimeContext = createContext<Runtime | null>(null);

export function useRuntime(): Runtime {
  const runtime = useContext(RuntimeContext);
  if (runtime === null) throw new Error("no runtime around this component");
  return runtime;
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

export const useConnection = (): Connection => useStore(useRuntime().connection);

/** Commands are only sent on a connection that shows what they do. */
export const useOnline = (): boolean => ["live", "catching-up"].includes(useConnection().state);

/** A part of what is known; the component draws again only when that part is another value. */
export function useDesk<T>(select: (desk: Desk) => T): T {
  const { desk } = useRuntime();
  const kept = useRef<{ version: number; select: unknown; value: T } | null>(null);
  return useSyncExternalStore(desk.subscribe, () => {
    if (kept.current?.version !== desk.version || kept.current.select !== select) {
      const value = select(desk);
      const before = kept.current?.value;
      kept.current = {
        version: desk.version,
        select,
        value: before !== undefined && same(before, value) ? before : value,
      };
    }
    return kept.current.value;
  });
}

/** Lists are the same when their items are. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  return (
    Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => Object.is(item, b[index]))
  );
}

export function useDrafts<T>(select: (drafts: Drafts) => T): T {
  const { drafts } = useRuntime();
  return useSyncExternalStore(drafts.subscribe, () => select(drafts));
}
