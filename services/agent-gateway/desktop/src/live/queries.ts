import { keepPreviousData, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { Problem, Unreachable, type Api } from "../api/client";
import { INBOX_PAGE, PAGE, useDesk, useRuntime, useStore } from "../app/runtime";
import { toast } from "../ui/toasts";
import type { Attachment, Command, CommandResult, DossierView } from "../contracts/types";
import { belongs, queryOf, type InboxFilter, type InboxView } from "../inbox/views";
import type { Desk, Known } from "./desk";

/** A list as far as it has been fetched, kept right by the stream. */
export function useInbox(view: InboxView, filter: InboxFilter) {
  const { api, desk, me, started } = useRuntime();
  const ready = useStore(started);
  const searching = filter.q.trim() !== "";
  const query = useInfiniteQuery({
    queryKey: ["inbox", view.id, filter.channel, filter.q.trim()],
    enabled: ready,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const page = await api.inbox({ ...queryOf(view, filter, me.sub), page: pageParam, limit: INBOX_PAGE }, signal);
      desk.takeViews(page.dossiers);
      const oldest = page.dossiers.at(-1)?.last_entry_at;
      return { ids: page.dossiers.map((each) => each.dossier_id), next: page.next_page, oldest };
    },
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: searching ? keepPreviousData : undefined,
    gcTime: searching ? 60_000 : Infinity,
  });
  const pages = query.data?.pages;
  const select = useCallback(
    (current: typeof desk): readonly DossierView[] => {
      if (pages === undefined) return [];
      if (searching) {
        return pages.flatMap((page) => page.ids).flatMap((id) => current.get(id)?.view ?? []);
      }
      // A dossier older than what has been fetched stands further down, behind pages that have not come yet.
      const last = pages.at(-1);
      const until = last?.next != null && last.oldest !== undefined ? Date.parse(last.oldest) : -Infinity;
      return current
        .views()
        .filter((each) => belongs(each, view, filter, me.sub) && Date.parse(each.last_entry_at) >= until);
    },
    [pages, searching, view, filter, me.sub],
  );
  return { query, dossiers: useDesk(select) };
}

/** A dossier with its timeline; fetched when it is not held, and live from then on. */
export function useDossier(id: string): { known: Known | undefined; error: Error | null; retry: () => void } {
  const { api, desk, started } = useRuntime();
  const ready = useStore(started);
  const known = useDesk(useCallback((current: typeof desk) => current.get(id), [id]));
  const held = known?.timeline != null;
  const query = useQuery({
    queryKey: ["dossier", id],
    enabled: ready && !held,
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }) => {
      desk.takeSnapshot(await api.dossier(id, PAGE, signal));
      return true;
    },
  });
  return { known, error: held ? null : query.error, retry: () => void query.refetch() };
}

/** What is known of a dossier, with or without its timeline. */
export function useDossierView(id: string | null): DossierView | undefined {
  return useDesk(useCallback((desk: Desk) => (id === null ? undefined : desk.get(id)?.view), [id]));
}

export function useCustomer(customerId: string) {
  const { api, desk, started } = useRuntime();
  const ready = useStore(started);
  const query = useQuery({
    queryKey: ["customer", customerId],
    enabled: ready,
    queryFn: async ({ signal }) => {
      const card = await api.customer(customerId, signal);
      desk.takeCustomers([card.customer]);
      desk.takeViews(card.dossiers);
      return {
        ids: card.dossiers.map((each) => each.dossier_id),
        preferred: card.preferred_channel,
        preferredFrom: card.preferred_channel_from,
      };
    },
  });
  const customer = useDesk(useCallback((current: typeof desk) => current.customer(customerId), [customerId]));
  const ids = query.data?.ids;
  const dossiers = useDesk(
    useCallback(
      (current: typeof desk) =>
        ids === undefined ? [] : current.views().filter((each) => each.customer_id === customerId),
      [ids, customerId],
    ),
  );
  // What a source states is kept right by the stream; where they wrote most is as old as the card.
  const stated = customer?.profile?.preferred_channel ?? null;
  const preferred: Preferred | null =
    stated !== null
      ? { channel: stated, from: "stated" }
      : query.data?.preferredFrom === "journey" && query.data.preferred !== null
        ? { channel: query.data.preferred, from: "journey" }
        : null;
  return { customer, dossiers, preferred, error: query.error, retry: () => void query.refetch() };
}

/** The channel that a customer is best written to, and whether somebody said so or it shows from what they do. */
export interface Preferred {
  channel: string;
  from: "stated" | "journey";
}

const JOURNEY_PAGE = 40;

/** All contacts of a customer, newest first, as far as they have been scrolled to; another `version` looks again. */
export function useJourney(customerId: string, version: string) {
  const { api, started } = useRuntime();
  const ready = useStore(started);
  const query = useInfiniteQuery({
    queryKey: ["journey", customerId],
    enabled: ready,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => api.journey(customerId, pageParam, JOURNEY_PAGE, signal),
    getNextPageParam: (last) => last.next_before ?? undefined,
    gcTime: 60_000,
  });
  const { refetch } = query;
  const shown = useRef(version);
  useEffect(() => {
    if (shown.current === version) return;
    shown.current = version;
    void refetch();
  }, [version, refetch]);
  return query;
}

export function useAgents() {
  const { api, me } = useRuntime();
  const { data } = useQuery({ queryKey: ["agents"], queryFn: api.agents, staleTime: 60_000 });
  return useMemo(() => {
    const others = (data ?? []).filter((agent) => agent.id !== me.sub);
    return [{ id: me.sub, name: me.name }, ...others.sort((a, b) => a.name.localeCompare(b.name))];
  }, [data, me]);
}

/** The content of an attachment as an object URL; fetched with the agent's token. */
export function useBlob(attachment: Attachment, enabled = true) {
  const { api } = useRuntime();
  const query = useQuery({
    queryKey: ["blob", attachment.sha256],
    enabled,
    gcTime: 10 * 60_000,
    queryFn: () => api.blob(attachment),
  });
  const url = useMemo(() => (query.data ? URL.createObjectURL(query.data) : null), [query.data]);
  useEffect(() => () => void (url !== null && URL.revokeObjectURL(url)), [url]);
  return { url, error: query.error };
}

export const newCommandId = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** Sends a command; what it does comes back by the stream. The same id on every try: it takes effect once. */
export async function sendCommand(
  api: Api,
  dossierId: string,
  command: Command,
  seenSeq: number | null = null,
): Promise<{ commandId: string; result: CommandResult }> {
  const commandId = newCommandId();
  const result = await patiently(() => api.command(dossierId, commandId, command, seenSeq));
  return { commandId, result };
}

/** Tries again while nothing answers; a refusal is an answer. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unreachable) || attempt >= 3) throw error;
      await new Promise((done) => setTimeout(done, 300 * 2 ** attempt));
    }
  }
}

export function useSendCommand(dossierId: string) {
  const { api } = useRuntime();
  return useMutation<CommandResult, Error, Command>({
    networkMode: "always",
    mutationFn: async (command) => (await sendCommand(api, dossierId, command)).result,
    onError: (error) => toast({ error }),
  });
}

export const isGone = (error: Error | null): boolean => error instanceof Problem && error.status === 404;
export const isForbidden = (error: Error | null): boolean => error instanceof Problem && error.status === 403;
