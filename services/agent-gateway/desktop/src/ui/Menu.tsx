import type { LucideIcon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { Fragment, type ReactNode } from "react";
import { Keys } from "./Keys";
import styles from "./ui.module.css";

/** One line of a menu: something that can be done. */
export interface MenuAction {
  id: string;
  icon: LucideIcon;
  label: string;
  run: () => void;
  disabled?: boolean;
  keys?: string;
  danger?: boolean;
}

interface MenuProps {
  /** The button that opens it. */
  children: ReactNode;
  label?: string;
  /** A line between each two; empty groups are left out. */
  groups: readonly (readonly MenuAction[])[];
  align?: "start" | "end";
}

/** A menu of actions, the same wherever it is opened from. */
export function Menu({ children, label, groups, align = "end" }: MenuProps) {
  const shown = groups.filter((group) => group.length > 0);
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={styles.menu} align={align} collisionPadding={8}>
          {label !== undefined && <DropdownMenu.Label className={styles.menuLabel}>{label}</DropdownMenu.Label>}
          {shown.map((group, index) => (
            <Fragment key={group[0]!.id}>
              {index > 0 && <DropdownMenu.Separator className={styles.separator} />}
              {group.map((action) => (
                <DropdownMenu.Item
                  key={action.id}
                  className={[styles.item, action.danger ? styles.danger : ""].filter(Boolean).join(" ")}
                  disabled={action.disabled}
                  onSelect={action.run}
                  data-testid={`action-${action.id}`}
                >
                  <action.icon size={15} aria-hidden="true" />
                  {action.label}
                  {action.keys !== undefined && (
                    <span className={styles.itemEnd}>
                      <Keys keys={action.keys} />
                    </span>
                  )}
                </DropdownMenu.Item>
              ))}
            </Fragment>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
