import { BadgeCheck, CircleHelp, Radio } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Sender } from "../contracts/types";
import styles from "./ui.module.css";

/** How sure a handle is, in words: a claimed sender never looks like a verified one. `kind`: the handle's, where it is known. */
export function AssuranceMark({ assurance, kind }: { assurance: string | null; kind?: string }) {
  const { t } = useTranslation();
  if (assurance === "verified")
    return (
      <span className={`${styles.assurance} ${styles.verified}`}>
        <BadgeCheck size={13} aria-hidden="true" />
        {t("assurance.verified")}
      </span>
    );
  if (assurance === "channel")
    return (
      <span className={`${styles.assurance} ${styles.channelAssured}`}>
        <Radio size={12} aria-hidden="true" />
        {t(kind === "visitor" ? "assurance.browser" : "assurance.channel")}
      </span>
    );
  if (assurance === "claimed") return <Doubt text={t("assurance.claimed")} />;
  return null;
}

/** Beside a sender whose name proves nothing: an address without proof, or a visitor who is not signed in. */
export function SenderDoubt({ sender }: { sender: Sender }) {
  const { t } = useTranslation();
  const { identity, assurance } = sender.primary;
  if (assurance === "claimed") return <Doubt text={t("assurance.claimed")} />;
  if (identity.kind === "visitor" && !sender.others.some((each) => each.assurance === "verified"))
    return <Doubt text={t("assurance.anonymous")} />;
  return null;
}

function Doubt({ text }: { text: string }) {
  return (
    <span className={`${styles.assurance} ${styles.claimed}`}>
      <CircleHelp size={12} aria-hidden="true" />
      {text}
    </span>
  );
}
