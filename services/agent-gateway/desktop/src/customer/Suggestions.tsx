import { Check, Lightbulb, X } from "lucide-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { useDesk, useOnline } from "../app/runtime";
import { wordOr } from "../i18n/words";
import type { DossierView, Identity, Suggestion } from "../contracts/types";
import { suggestionInWords } from "../dossier/because";
import { EvidenceList } from "../dossier/Why";
import { useSendCommand } from "../live/queries";
import { Button } from "../ui/Button";
import { channelWord } from "../ui/ChannelMark";
import { Keys } from "../ui/Keys";
import styles from "./customer.module.css";
import { acceptEffect } from "./suggestions";

/** Things that may belong together, each with its reason; one key decides. */
export function Suggestions({ view }: { view: DossierView }) {
  const { t } = useTranslation();
  const online = useOnline();
  const command = useSendCommand(view.dossier_id);
  const first = view.suggestions[0];
  const resolve = (suggestion: Suggestion | undefined, accept: boolean) => {
    if (suggestion === undefined || !online || command.isPending) return;
    command.mutate({ type: "resolve_suggestion", suggestion_id: suggestion.suggestion_id, accept });
  };
  useCommand(
    {
      id: "suggestion.accept",
      title: t("command.acceptSuggestion"),
      group: "dossier",
      keys: "y",
      run: () => resolve(first, true),
    },
    first !== undefined,
  );
  useCommand(
    {
      id: "suggestion.refuse",
      title: t("command.refuseSuggestion"),
      group: "dossier",
      keys: "x",
      run: () => resolve(first, false),
    },
    first !== undefined,
  );
  if (first === undefined) return null;
  return (
    <section className={styles.suggestions} aria-label={t("suggestion.label", { count: view.suggestions.length })}>
      {view.suggestions.map((suggestion, index) => (
        <SuggestionCard
          key={suggestion.suggestion_id}
          view={view}
          suggestion={suggestion}
          isFirst={index === 0}
          busy={command.isPending}
          resolve={resolve}
        />
      ))}
    </section>
  );
}

/** Addresses and numbers as they are; ids of networks and browsers say nothing to a person. */
function handleInWords(t: TFunction, identity: Identity | null): string | null {
  return identity && wordOr(t, `identity.${identity.kind}.this`, identity.value);
}

interface CardProps {
  view: DossierView;
  suggestion: Suggestion;
  isFirst: boolean;
  busy: boolean;
  resolve: (suggestion: Suggestion, accept: boolean) => void;
}

function SuggestionCard({ view, suggestion, isFirst, busy, resolve }: CardProps) {
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
      aria-label={t(`suggestion.${suggestion.kind}`, words)}
      data-testid="suggestion"
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        if (event.key === "Enter") resolve(suggestion, true);
        if (event.key === "Backspace" || event.key === "Delete") resolve(suggestion, false);
      }}
    >
      <h3>
        <Lightbulb size={15} aria-hidden="true" />
        {t(`suggestion.${suggestion.kind}`, words)}
      </h3>
      <p>{suggestionInWords(t, suggestion.because)}</p>
      <EvidenceList because={suggestion.because} />
      <p className={styles.effect}>{t(acceptEffect(suggestion), words)}</p>
      <div className={styles.suggestionActions}>
        <Button
          look={["primary", "small"]}
          disabled={!online || busy}
          onClick={() => resolve(suggestion, true)}
          data-testid="suggestion-accept"
        >
          <Check size={13} aria-hidden="true" />
          {t("suggestion.accept")}
          {isFirst && <Keys keys="y" />}
        </Button>
        <Button
          look="small"
          disabled={!online || busy}
          onClick={() => resolve(suggestion, false)}
          data-testid="suggestion-refuse"
        >
          <X size={13} aria-hidden="true" />
          {t("suggestion.refuse")}
          {isFirst && <Keys keys="x" />}
        </Button>
      </div>
    </article>
  );
}
