import { useSyncExternalStore } from "react";
import { prefer, usePreferences } from "./preferences";
import { Store, useStore } from "./runtime";

const narrow = matchMedia("(max-width: 1179px)");
/** On a narrow screen the card covers the dossier: it opens when asked for, and is not remembered. */
const covering = new Store(false);

function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      narrow.addEventListener("change", listener);
      return () => narrow.removeEventListener("change", listener);
    },
    () => narrow.matches,
  );
}

/** Whether the customer's card is shown, and how to change that. */
export function useCustomerPanel(): { open: boolean; show: (open: boolean) => void } {
  const isNarrow = useNarrow();
  const { customerPanel } = usePreferences();
  const covers = useStore(covering);
  return isNarrow
    ? { open: covers, show: (open) => covering.set(open) }
    : { open: customerPanel, show: (open) => prefer({ customerPanel: open }) };
}

export const uncover = (): void => covering.set(false);
