import { useQuery, keepPreviousData } from "@tanstack/react-query";
import { useMemo, useState, useDeferredValue } from "react";
import type { DossierView } from "../contracts/types";
import { useDesk, useRuntime } from "./runtime";

/** Dossiers by words: what is known at once, then what the server finds. */
export function useFindDossiers() {
  const { api, desk } = useRuntime();
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim());
  const query = useQuery({
    queryKey: ["find", wanted],
    enabled: wanted.length >= 2,
    staleTime: 10_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const page = await api.inbox({ status: ["open", "reopened", "waiting", "closed"], q: wanted, limit: 20 }, signal);
      desk.takeViews(page.dossiers);
      return page.dossiers.map((each) => each.dossier_id);
    },
  });
  const all = useDesk((current) => current.views());
  const found = query.data;
  const dossiers = useMemo(() => {
    const needle = folded(wanted);
    const known =
      needle === "" ? all.slice(0, 8) : all.filter((each) => folded(wordsOf(each)).includes(needle)).slice(0, 12);
    const ids = new Set(known.map((each) => each.dossier_id));
    const more =
      wanted.length < 2 ? [] : (found ?? []).filter((id) => !ids.has(id)).flatMap((id) => desk.get(id)?.view ?? []);
    return [...known, ...more];
  }, [all, desk, found, wanted]);
  return { text, setText, dossiers, searching: query.isFetching };
}

const wordsOf = (view: DossierView): string =>
  [view.subject, view.customer_name, view.number, ...view.conversations.map((each) => each.identity?.value)].join(" ");

/** Without accents and case: who looks for "helene" finds Hélène. */
export const folded = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export interface FoundCustomer {
  customerId: string;
  name: string | null;
  newest: DossierView;
}

/** The customers of these dossiers, each once, by their newest one. */
export function customersOf(dossiers: readonly DossierView[]): FoundCustomer[] {
  const found = new Map<string, FoundCustomer>();
  for (const view of dossiers) {
    const before = found.get(view.customer_id);
    if (before !== undefined && before.newest.last_entry_at >= view.last_entry_at) continue;
    found.set(view.customer_id, { customerId: view.customer_id, name: view.customer_name, newest: view });
  }
  return [...found.values()];
}
