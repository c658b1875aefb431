import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./ui.module.css";

/** What is shown where there is nothing (yet): what it means, and what to do next. */
export function State({
  icon: Icon,
  title,
  children,
  role,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  role?: "status" | "alert";
}) {
  return (
    <div className={styles.state} role={role}>
      <Icon size={26} strokeWidth={1.6} aria-hidden="true" />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Skeleton({
  width,
  height = 12,
  style,
}: {
  width: number | string;
  height?: number;
  style?: React.CSSProperties;
}) {
  return <div className={styles.skeleton} style={{ width, height, ...style }} aria-hidden="true" />;
}
