import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../api/client";
import { useCommand } from "../app/commands";
import { useRuntime, useStore } from "../app/runtime";
import type { Command, DossierView } from "../contracts/types";
import { useDossierView } from "../live/queries";
import { toast } from "../ui/toasts";
import { ask, asking, commandOf, type Asking, type Goal } from "./asking";
import { Changed } from "./Changed";
import { ChooseGoal } from "./ChooseGoal";
import { correct } from "./perform";
import { Preview } from "./Preview";
import { done, lastDone, takeBack } from "./taken";

/** Everything by which agents put right what belongs where, whichever screen asks for it: choice, preview, conflict. */
export function Corrections() {
  const { t } = useTranslation();
  const open = useStore(asking);
  const undoable = useStore(lastDone);
  const view = useDossierView(open?.asked.dossierId ?? null);
  useCommand(
    {
      id: "take-back",
      title: t(undoable?.back === "redo" ? "command.redo" : "command.undo"),
      group: "app",
      keys: "z",
      run: () => void takeBack(),
    },
    undoable !== null,
  );
  return open === null || view === undefined ? null : <Open open={open} view={view} />;
}

function Open({ open, view }: { open: Asking; view: DossierView }) {
  const runtime = useRuntime();
  const [busy, setBusy] = useState(false);
  const { asked, goal, meanwhile } = open;
  const run = async (command: Command, seenSeq: number) => {
    setBusy(true);
    try {
      const what = await correct(runtime, view.dossier_id, command, seenSeq);
      close();
      done(what);
    } catch (error) {
      const changed = error instanceof Problem && error.code === "dossier-changed";
      if (changed) asking.set({ asked, goal, meanwhile: error.entries });
      else toast({ error: error as Error });
    } finally {
      setBusy(false);
    }
  };
  const choose = (chosen: Goal) => {
    const command = commandOf(asked, chosen);
    // Relating moves nothing: there is nothing to look at before, and one key takes it back.
    if (asked.what === "relate" && command !== null) void run(command, view.seq);
    else ask(asked, chosen);
  };
  if (meanwhile !== null) {
    const again = () => ask(asked, asked.what === "relate" ? null : goal);
    return <Changed entries={meanwhile} onLookAgain={view.merged_into === null ? again : null} onClose={close} />;
  }
  if (goal === null) return <ChooseGoal view={view} asked={asked} onChoose={choose} onClose={close} />;
  return (
    <Preview
      view={view}
      asked={asked}
      goal={goal}
      busy={busy}
      onConfirm={(command, seenSeq) => void run(command, seenSeq)}
      onBack={() => ask(asked)}
      onClose={close}
    />
  );
}

const close = (): void => asking.set(null);
