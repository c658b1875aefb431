import { Check, Lightbulb, X } from "lucide-react";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { useDesk, useOnline, useRuntime, type Runtime } from "../app/runtime";
import type { Command, DossierView, Identity, Suggestion } from "../contracts/types";
import { correct } from "../corrections/perform";
import { done } from "../corrections/taken";
import { suggestionInWords } from "../dossier/because";
import { EvidenceList } from "../dossier/Why";
import { wordOr } from "../i18n/words";
import { sendCommand } from "../live/queries";
import { Button } from "../ui/Button";
import { channelWord } from "../ui/ChannelMark";
import { Keys } from "../ui/Keys";
import { toast } from "../ui/toasts";
import styles from "./customer.module.css";
import { acceptedLink } from "./customerActions";
import { acceptEffect, question } from "./suggestions";

/** Things that may belong together, each with its reason; one key decides the one in focus, else the first. */
export function Suggestions({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const online = useOnline();
  const runtime = useRuntime();
  const { busy, resolve } = useResolve(view);
  const [focused, setFocused] = useState<string | null>(null);
  const first = view.suggestions.find((each) => each.suggestion_id === focused) ?? view.suggestions[0];
  const decide = (suggestion: Suggestion | undefined, accept: boolean) => {
    if (suggestion !== undefined && online && !busy) void resolve(runtime, suggestion, accept);
  };
  useCommand({
    id: "suggestion.accept",
    title: t("command.acceptSuggestion"),
    group: "dossier",
    keys: "y",
    hidden: first === undefined,
    run: () => decide(first, true),
  });
  useCommand({
    id: "suggestion.refuse",
    title: t("command.refuseSuggestion"),
    group: "dossier",
    keys: "x",
    hidden: first === undefined,
    run: () => decide(first, false),
  });
  if (first === undefined) return null;
  return (
    <section className={styles.suggestions} aria-label={t("suggestion.label", { count: view.suggestions.length })}>
      {view.suggestions.map((suggestion) => (
        <SuggestionCard
          key={suggestion.suggestion_id}
          view={view}
          suggestion={suggestion}
          isNext={suggestion === first}
          busy={busy}
          resolve={decide}
          onFocus={() => setFocused(suggestion.suggestion_id)}
        />
      ))}
    </section>
  );
}

/** Decides a suggestion. What accepting put together can be taken back like everything else. */
function useResolve(view: DossierView) {
  const [busy, setBusy] = useState(false);
  const dossierId = view.dossier_id;
  const resolve = async (desktop: Runtime, suggestion: Suggestion, accept: boolean): Promise<void> => {
    const { suggestion_id, kind, identity, customer_id } = suggestion;
    const command: Command = { type: "resolve_suggestion", suggestion_id, accept };
    setBusy(true);
    try {
      if (!accept) {
        await sendCommand(desktop.api, dossierId, command);
        toast({ text: "taken.refused" });
      } else if (kind === "same-matter") {
        done(await correct(desktop, dossierId, command, null));
      } else {
        await sendCommand(desktop.api, dossierId, command);
        if (identity !== null && customer_id !== null) {
          done(acceptedLink(desktop, customer_id, identity, suggestion.because));
        }
      }
    } catch (error) {
      toast({ error: error as Error });
    } finally {
      setBusy(false);
    }
  };
  return { busy, resolve };
}

/** Addresses and numbers as they are; ids of networks and browsers say nothing to a person. */
function handleInWords(t: TFunction, identity: Identity | null): string | null {
  return identity && wordOr(t, `identity.${identity.kind}.this`, identity.value);
}

interface CardProps {
  view: DossierView;
  suggestion: Suggestion;
  /** Whether the keys decide this one. */
  isNext: boolean;
  busy: boolean;
  resolve: (suggestion: Suggestion, accept: boolean) => void;
  onFocus: () => void;
}

function SuggestionCard({ view, suggestion, isNext, busy, resolve, onFocus }: CardProps) {
  const { t } = useTranslation();
  const online = useOnline();
  const conversation = view.conversations.find(
    (each) => each.conversation.conversation_id === suggestion.conversation_id,
  );
  const number = useDesk((desk) =>
    suggestion.dossier_id === null ? undefined : desk.get(suggestion.dossier_id)?.view.number,
  );
  const name = suggestion.customer_name ?? t("customer.unnamed");
  const words = {
    name,
    channel: channelWord(t, conversation?.conversation.channel ?? "", conversation?.identity?.kind),
    handle: handleInWords(t, suggestion.identity) ?? conversation?.display_name ?? "",
    number: number ?? t("line.otherDossier"),
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- its two buttons do the same
    <article
      className={styles.suggestion}
      tabIndex={0} // eslint-disable-line jsx-a11y/no-noninteractive-tabindex -- the card takes Enter and Backspace itself
      aria-label={t(question(suggestion, view.customer_id), words)}
      data-testid="suggestion"
      data-next={isNext}
      onFocus={onFocus}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        if (event.key === "Enter") resolve(suggestion, true);
        if (event.key === "Backspace" || event.key === "Delete") resolve(suggestion, false);
      }}
    >
      <h3>
        <Lightbulb size={15} aria-hidden="true" />
        {t(question(suggestion, view.customer_id), words)}
      </h3>
      <p>{suggestionInWords(t, suggestion.because)}</p>
      <EvidenceList because={suggestion.because} />
      <p className={styles.effect}>{t(acceptEffect(suggestion, view.customer_id), words)}</p>
      <div className={styles.suggestionActions}>
        <Button
          look={["primary", "small"]}
          disabled={!online || busy}
          onClick={() => resolve(suggestion, true)}
          data-testid="suggestion-accept"
        >
          <Check size={13} aria-hidden="true" />
          {t("suggestion.accept")}
          {isNext && <Keys keys="y" />}
        </Button>
        <Button
          look="small"
          disabled={!online || busy}
          onClick={() => resolve(suggestion, false)}
          data-testid="suggestion-refuse"
        >
          <X size={13} aria-hidden="true" />
          {t("suggestion.refuse")}
          {isNext && <Keys keys="x" />}
        </Button>
      </div>
    </article>
  );
}
