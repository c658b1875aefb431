import { useState } from "react";
import { done, type Done } from "../corrections/taken";
import { toast } from "../ui/toasts";

/** Does one thing at a time, says that it is done with the way back, or why not. */
export function useDoing(): { busy: boolean; run: (what: () => Promise<Done>) => Promise<boolean> } {
  const [busy, setBusy] = useState(false);
  const run = async (what: () => Promise<Done>): Promise<boolean> => {
    setBusy(true);
    try {
      done(await what());
      return true;
    } catch (error) {
      toast({ error: error as Error });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, run };
}
