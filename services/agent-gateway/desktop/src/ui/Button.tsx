import type { ComponentProps, ReactNode } from "react";
import { Tip } from "./Tip";
import styles from "./ui.module.css";

type Look = "primary" | "quiet" | "danger" | "small";

export interface ButtonProps extends ComponentProps<"button"> {
  look?: readonly Look[] | Look;
}

export function Button({ look = [], className, type = "button", ...rest }: ButtonProps) {
  const looks = (typeof look === "string" ? [look] : look).map((name) => styles[name]);
  return <button type={type} className={[styles.button, ...looks, className].filter(Boolean).join(" ")} {...rest} />;
}

interface IconButtonProps extends ButtonProps {
  label: string;
  keys?: string;
  children: ReactNode;
}

/** A button that shows only an icon: its label is read out, and shown with its key on hover and focus. */
export function IconButton({ label, keys, look = "quiet", className, ...rest }: IconButtonProps) {
  return (
    <Tip label={label} keys={keys}>
      <Button aria-label={label} look={look} className={[styles.icon, className].filter(Boolean).join(" ")} {...rest} />
    </Tip>
  );
}
