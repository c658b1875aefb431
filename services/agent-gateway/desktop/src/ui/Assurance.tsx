import { BadgeCheck, CircleHelp, Radio } from "lucide-react";
import { useTranslation } from "react-i18next";
import styles from "./ui.module.css";

/** How sure a handle is, in words: a claimed sender never looks like a verified one. */
export function AssuranceMark({ assurance }: { assurance: string | null }) {
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
        {t("assurance.channel")}
      </span>
    );
  if (assurance === "claimed")
    return (
      <span className={`${styles.assurance} ${styles.claimed}`}>
        <CircleHelp size={12} aria-hidden="true" />
        {t("assurance.claimed")}
      </span>
    );
  return null;
}
