import { useQuery } from "@tanstack/react-query";
import { ArrowRight, CircleAlert, FolderX, TriangleAlert, UserRound } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useOnline, useRuntime } from "../app/runtime";
import type { Command, ConversationView, DossierView, MovePreview } from "../contracts/types";
import { networkOf } from "../dossier/network";
import { StatusMark } from "../dossier/StatusMark";
import { useFormat } from "../i18n/format";
import { useProblemWords } from "../i18n/problems";
import { Button } from "../ui/Button";
import { ChannelMark } from "../ui/ChannelMark";
import { Dialog } from "../ui/Dialog";
import { Keys } from "../ui/Keys";
import { Skeleton } from "../ui/State";
import { commandOf, type Asked, type Goal } from "./asking";
import styles from "./corrections.module.css";

interface PreviewProps {
  view: DossierView;
  asked: Asked;
  goal: Goal;
  busy: boolean;
  onConfirm: (command: Command, seenSeq: number) => void;
  onBack: () => void;
  onClose: () => void;
}

/** What will move, before it does; Enter confirms. */
export function Preview({ view, asked, goal, busy, onConfirm, onBack, onClose }: PreviewProps) {
  const { t } = useTranslation();
  const { api } = useRuntime();
  const online = useOnline();
  const problem = useProblemWords();
  const command = commandOf(asked, goal)!;
  const query = useQuery({
    queryKey: ["preview", view.dossier_id, command],
    // What comes while the answer is on its way has not been looked at: the conflict is told by what was seen before.
    queryFn: async ({ signal }) => {
      const seenSeq = view.seq;
      return { seenSeq, moves: await api.preview(view.dossier_id, command, signal) };
    },
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const confirm = useRef<HTMLButtonElement>(null);
  const known = query.data;
  useEffect(() => {
    if (known !== undefined) confirm.current?.focus();
  }, [known]);
  return (
    <Dialog
      title={t(`moves.${asked.what}`)}
      onClose={onClose}
      testId="move-preview"
      foot={
        <>
          <Button onClick={onBack} disabled={busy}>
            {t("moves.back")}
          </Button>
          <Button
            ref={confirm}
            look="primary"
            disabled={known === undefined || busy || !online}
            onClick={() => known !== undefined && onConfirm(command, known.seenSeq)}
            data-testid="confirm-move"
          >
            {t(`moves.confirm.${asked.what}`)}
            <Keys keys="Enter" />
          </Button>
        </>
      }
    >
      {query.error !== null ? (
        <p role="alert" className={styles.warning}>
          <CircleAlert size={16} aria-hidden="true" />
          <span>{problem(query.error)}</span>
          <Button look="small" onClick={() => void query.refetch()}>
            {t("retry")}
          </Button>
        </p>
      ) : known === undefined ? (
        <div className={styles.loading} aria-busy="true">
          <Skeleton width="100%" height={56} />
          <Skeleton width="70%" />
          <Skeleton width="50%" />
        </div>
      ) : (
        <WhatMoves preview={known.moves} from={view} goal={goal} />
      )}
    </Dialog>
  );
}

function WhatMoves({ preview, from, goal }: { preview: MovePreview; from: DossierView; goal: Goal }) {
  const { t } = useTranslation();
  const to = goal.kind === "dossier" ? goal.dossier : null;
  const name = goal.kind === "customer" ? goal.name : (to?.customer_name ?? null);
  return (
    <>
      <div className={styles.way}>
        <DossierCard label={t("moves.from")} view={from} />
        <ArrowRight size={18} aria-hidden="true" />
        {to === null ? (
          <div className={styles.card}>
            <span className={styles.cardLabel}>{t("moves.to")}</span>
            <strong>{t("moves.newDossier")}</strong>
            <span className={styles.cardUnder}>
              {goal.kind === "customer" ? (goal.name ?? t("customer.unnamed")) : (from.customer_name ?? "")}
            </span>
          </div>
        ) : (
          <DossierCard label={t("moves.to")} view={to} />
        )}
      </div>
      <p className={styles.counts} data-testid="preview-counts">
        {t("moves.messages", { count: preview.messages })}
        {preview.replies > 0 && <> · {t("moves.replies", { count: preview.replies })}</>}
      </p>
      <ul className={styles.moving} aria-label={t("moves.conversations")}>
        {preview.conversations.map((each) => (
          <Moving key={each.conversation.conversation_id} conversation={each} />
        ))}
      </ul>
      {preview.other_customer && (
        <p className={styles.warning} data-testid="preview-other-customer">
          <UserRound size={16} aria-hidden="true" />
          <span>{t("moves.otherCustomer", { name: name ?? t("customer.unnamed") })}</span>
        </p>
      )}
      {preview.empties_source && (
        <p className={styles.note} data-testid="preview-empties">
          <FolderX size={16} aria-hidden="true" />
          <span>{t("moves.empties", { number: from.number })}</span>
        </p>
      )}
      {to?.status === "closed" && (
        <p className={styles.note}>
          <TriangleAlert size={16} aria-hidden="true" />
          <span>{t("moves.closed", { number: to.number })}</span>
        </p>
      )}
    </>
  );
}

function DossierCard({ label, view }: { label: string; view: DossierView }) {
  const { t } = useTranslation();
  return (
    <div className={styles.card}>
      <span className={styles.cardLabel}>
        {label} <StatusMark status={view.status} iconOnly />
      </span>
      <strong>{view.subject ?? t("dossier.noSubject")}</strong>
      <span className={styles.cardUnder}>
        {view.customer_name ?? t("customer.unnamed")} · {view.number}
      </span>
    </div>
  );
}

function Moving({ conversation }: { conversation: ConversationView }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { identity } = conversation;
  const handle = identity?.kind.startsWith("email") ? identity.value : conversation.display_name;
  return (
    <li>
      <ChannelMark channel={conversation.conversation.channel} network={networkOf(identity)} />
      <span className={styles.handle}>{handle}</span>
      {conversation.last_message_at !== null && (
        <span className={styles.cardUnder} title={format.full(conversation.last_message_at)}>
          {t("moves.last", { at: format.day(conversation.last_message_at) })}
        </span>
      )}
    </li>
  );
}
