import { WifiOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import styles from "./composer.module.css";

/** Whether what has been written is safe, and why it cannot be sent just now. */
export function Kept({ online, isEmpty }: { online: boolean; isEmpty: boolean }) {
  const { t } = useTranslation();
  return (
    <span className={styles.saved} role="status">
      {!online ? (
        <>
          <WifiOff size={13} aria-hidden="true" />
          {isEmpty ? t("composer.offline") : t("composer.offlineKept")}
        </>
      ) : !isEmpty ? (
        t("composer.kept")
      ) : null}
    </span>
  );
}
