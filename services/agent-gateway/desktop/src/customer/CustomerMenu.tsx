import { Download, Ellipsis, Eraser, Merge, Scissors } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommand } from "../app/commands";
import { useOnline, useRuntime } from "../app/runtime";
import type { CustomerChanged } from "../contracts/types";
import { IconButton } from "../ui/Button";
import { Menu, type MenuAction } from "../ui/Menu";
import { toast } from "../ui/toasts";
import { EraseCustomer } from "./EraseCustomer";
import { MergeCustomers } from "./MergeCustomers";
import { SplitCustomer } from "./SplitCustomer";

/** What can be done with the person as a whole; export and erasure for who may. */
export function CustomerMenu({ customer }: { customer: CustomerChanged }) {
  const { t } = useTranslation();
  const { api, me } = useRuntime();
  const online = useOnline();
  const [open, setOpen] = useState<"merge" | "split" | "erase" | null>(null);
  const close = () => setOpen(null);
  const merge = () => setOpen("merge");
  const split = () => setOpen("split");
  const disabled = !online;
  const alone = customer.identities.length < 2;
  useCommand({ id: "customer.merge", title: t("customer.merge"), group: "dossier", run: merge }, online);
  useCommand({ id: "customer.split", title: t("customer.split"), group: "dossier", run: split }, online && !alone);
  const save = async () => {
    try {
      saveAs(await api.exportCustomer(customer.customer_id), `customer-${customer.customer_id}.zip`);
    } catch (error) {
      toast({ error: error as Error });
    }
  };
  const persons: MenuAction[] = [
    { id: "merge-customers", icon: Merge, label: t("customer.merge"), disabled, run: merge },
    { id: "split-customer", icon: Scissors, label: t("customer.split"), disabled: disabled || alone, run: split },
  ];
  const privacy: MenuAction[] = [
    { id: "export-customer", icon: Download, label: t("customer.export"), disabled, run: () => void save() },
    {
      id: "erase-customer",
      icon: Eraser,
      label: t("customer.erase"),
      disabled,
      danger: true,
      run: () => setOpen("erase"),
    },
  ];
  return (
    <>
      <Menu groups={[persons, me.permissions?.includes("privacy") ? privacy : []]}>
        <IconButton label={t("customer.actions")} data-testid="customer-menu">
          <Ellipsis size={16} aria-hidden="true" />
        </IconButton>
      </Menu>
      {open === "merge" && <MergeCustomers customer={customer} onClose={close} />}
      {open === "split" && <SplitCustomer customer={customer} onClose={close} />}
      {open === "erase" && <EraseCustomer customer={customer} onClose={close} />}
    </>
  );
}

function saveAs(content: Blob, filename: string): void {
  const url = URL.createObjectURL(content);
  const link = Object.assign(document.createElement("a"), { href: url, download: filename });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
