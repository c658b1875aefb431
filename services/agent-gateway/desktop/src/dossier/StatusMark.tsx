import { CircleCheck, CircleDot, Clock3, RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Status } from "../contracts/types";
import styles from "./status.module.css";

const ICONS = { open: CircleDot, reopened: RotateCcw, waiting: Clock3, closed: CircleCheck } as const;

export function StatusMark({ status, iconOnly = false }: { status: Status; iconOnly?: boolean }) {
  const { t } = useTranslation();
  const Icon = ICONS[status];
  return (
    <span className={`${styles.status} ${styles[status]}`} title={iconOnly ? t(`status.${status}`) : undefined}>
      <Icon size={14} aria-hidden="true" />
      {iconOnly ? <span className="visually-hidden">{t(`status.${status}`)}</span> : t(`status.${status}`)}
    </span>
  );
}
