import { SquareChevronRight, UserRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import { StatusMark } from "../dossier/StatusMark";
import { Keys } from "../ui/Keys";
import { useCommands } from "./commands";
import { Finder, type Found } from "./Finder";
import { folded, useFindDossiers } from "./find";
import { go } from "./router";

/** ⌘K: any command, dossier or customer. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const commands = useCommands();
  const { text, setText, dossiers, searching } = useFindDossiers();
  const needle = folded(text.trim());
  const matching = commands.filter(
    (command) => !command.hidden && (needle === "" || folded(command.title).includes(needle)),
  );
  const customers = new Map(
    needle === ""
      ? []
      : dossiers
          .filter((each) => folded(each.customer_name ?? "").includes(needle))
          .map((each) => [each.customer_id, each] as const),
  );
  const items: Found[] = [
    ...matching.slice(0, needle === "" ? 40 : 6).map((command) => ({
      id: command.id,
      group: t("palette.commands"),
      icon: <SquareChevronRight size={16} aria-hidden="true" />,
      main: command.title,
      side: command.keys === undefined ? null : <Keys keys={command.keys} />,
      run: command.run,
    })),
    ...dossiers.map((each) => ({
      id: each.dossier_id,
      group: t("palette.dossiers"),
      icon: <StatusMark status={each.status} iconOnly />,
      main: each.subject ?? t("dossier.noSubject"),
      side: `${each.customer_name ?? t("customer.unnamed")} · ${each.number}`,
      run: () => go({ dossierId: each.dossier_id }),
    })),
    ...[...customers.values()].slice(0, 6).map((each) => ({
      id: each.customer_id,
      group: t("palette.customers"),
      icon: <UserRound size={16} aria-hidden="true" />,
      main: each.customer_name ?? t("customer.unnamed"),
      side: t("palette.newest", { number: each.number }),
      run: () => go({ dossierId: each.dossier_id }),
    })),
  ];
  // With words typed, things come before commands; without, what one can do here comes first.
  const ordered =
    needle === ""
      ? items
      : [
          ...items.filter((item) => item.group !== t("palette.commands")),
          ...items.filter((item) => item.group === t("palette.commands")),
        ];
  return (
    <Finder
      title={t("palette.title")}
      placeholder={t("palette.placeholder")}
      text={text}
      onText={setText}
      items={ordered}
      busy={searching}
      onClose={onClose}
    />
  );
}
