import { CircleAlert, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useStore } from "../app/runtime";
import { useProblemWords } from "../i18n/problems";
import { Button, IconButton } from "./Button";
import { Keys } from "./Keys";
import { dismiss, hold, release, toasts } from "./toasts";
import styles from "./ui.module.css";

export function Toasts() {
  const { t } = useTranslation();
  const problem = useProblemWords();
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {useStore(toasts).map((toast) => (
        <div
          key={toast.id}
          className={`${styles.toast} ${toast.error ? styles.toastBad : ""}`}
          data-testid="toast"
          onPointerEnter={() => hold(toast.id)}
          onPointerLeave={() => release(toast)}
          onFocus={() => hold(toast.id)}
          onBlur={() => release(toast)}
        >
          {toast.error && <CircleAlert size={16} aria-hidden="true" />}
          <span>{toast.error ? problem(toast.error) : t(toast.text ?? "", toast.values ?? {})}</span>
          {toast.actions?.map((action) => (
            <Button
              key={action.label}
              look="small"
              data-testid={`toast-${action.label.split(".").at(-1)}`}
              onClick={() => {
                dismiss(toast.id);
                action.run();
              }}
            >
              {t(action.label)}
              {action.keys !== undefined && <Keys keys={action.keys} />}
            </Button>
          ))}
          <IconButton label={t("dismiss")} look={["small", "quiet"]} onClick={() => dismiss(toast.id)}>
            <X size={14} aria-hidden="true" />
          </IconButton>
        </div>
      ))}
    </div>
  );
}
