import { Tooltip } from "radix-ui";
import type { ReactNode } from "react";
import { Keys } from "./Keys";
import styles from "./ui.module.css";

/** A label that appears on hover and keyboard focus. */
export function Tip({ label, keys, children }: { label: string; keys?: string; children: ReactNode }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className={styles.tooltip} sideOffset={5} collisionPadding={8}>
          {label}
          {keys !== undefined && <Keys keys={keys} />}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
