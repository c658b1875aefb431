import { useTranslation } from "react-i18next";
import { useFormat } from "../i18n/format";
import { Tip } from "../ui/Tip";
import { useConnection } from "./runtime";
import styles from "./shell.module.css";

function useWords(): { state: string; words: string } {
  const { t } = useTranslation();
  const format = useFormat();
  const connection = useConnection();
  if (connection.state !== "catching-up")
    return { state: connection.state, words: t(`connection.${connection.state}`) };
  const { remaining } = connection;
  const words =
    remaining > 0
      ? t("connection.catching-up", { count: remaining, number: format.number(remaining) })
      : t("connection.catching-up-done");
  return { state: "catching-up", words };
}

/** Quiet as long as all is well, and never better than the truth. */
export function ConnectionState() {
  const { state, words } = useWords();
  return (
    <Tip label={words}>
      <div className={styles.connection} data-state={state} data-testid="connection" role="status" aria-label={words}>
        <span className={styles.dot} aria-hidden="true" />
        <span className={styles.railLabel}>{words}</span>
      </div>
    </Tip>
  );
}

/** The same in words above the list, where the rail has no room for them; nothing while all is well. */
export function ConnectionNote() {
  const { state, words } = useWords();
  if (state === "live" || state === "signed-out") return null;
  return (
    <span
      className={`${styles.connection} ${styles.connectionNote}`}
      data-state={state}
      data-testid="connection-note"
      aria-hidden="true"
    >
      <span className={styles.dot} />
      {words}
    </span>
  );
}
