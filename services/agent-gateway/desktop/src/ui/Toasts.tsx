import { CircleAlert, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useStore } from "../app/runtime";
import { useProblemWords } from "../i18n/problems";
import { Button, IconButton } from "./Button";
import { dismiss, toasts } from "./toasts";
import styles from "./ui.module.css";

export function Toasts() {
  const { t } = useTranslation();
  const problem = useProblemWords();
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {useStore(toasts).map((toast) => (
        <div key={toast.id} className={`${styles.toast} ${toast.error ? styles.toastBad : ""}`}>
          {toast.error && <CircleAlert size={16} aria-hidden="true" />}
          <span>{toast.error ? problem(toast.error) : t(toast.text ?? "", toast.values ?? {})}</span>
          {toast.action && (
            <Button
              look={["small", "quiet"]}
              onClick={() => {
                toast.action!.run();
                dismiss(toast.id);
              }}
            >
              {toast.action.label}
            </Button>
          )}
          <IconButton label={t("dismiss")} look={["small", "quiet"]} onClick={() => dismiss(toast.id)}>
            <X size={14} aria-hidden="true" />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
