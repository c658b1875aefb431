import { Split, UserRound } from "lucide-react";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Finder, type Found } from "../app/Finder";
import { customersOf, useFindDossiers } from "../app/find";
import { useDesk } from "../app/runtime";
import type { DossierView } from "../contracts/types";
import { StatusMark } from "../dossier/StatusMark";
import type { Desk } from "../live/desk";
import { GOALS, type Asked, type Goal } from "./asking";

interface ChooseGoalProps {
  view: DossierView;
  asked: Asked;
  onChoose: (goal: Goal) => void;
  onClose: () => void;
}

/** Where to: the customer's own dossiers first, a new one, any other that is found, or another customer. */
export function ChooseGoal({ view, asked, onChoose, onClose }: ChooseGoalProps) {
  const { t } = useTranslation();
  const { text, setText, dossiers, searching } = useFindDossiers();
  const isHere = useCallback(
    (each: DossierView) => each.dossier_id === view.dossier_id || each.merged_into !== null,
    [view.dossier_id],
  );
  const own = useDesk(
    useCallback(
      (desk: Desk) => desk.views().filter((each) => each.customer_id === view.customer_id && !isHere(each)),
      [view.customer_id, isHere],
    ),
  );
  const goals = GOALS[asked.what];
  const idle = text.trim() === "";
  const item = (each: DossierView, group: string): Found => ({
    id: each.dossier_id,
    group,
    icon: <StatusMark status={each.status} iconOnly />,
    main: each.subject ?? each.number,
    side: `${each.customer_name ?? t("customer.unnamed")} · ${each.number}`,
    run: () => onChoose({ kind: "dossier", dossier: each }),
  });
  const items: Found[] = [];
  if (idle && goals.includes("new")) {
    items.push({
      id: "new",
      group: t("choose.elsewhere"),
      icon: <Split size={16} aria-hidden="true" />,
      main: t("choose.newDossier"),
      side: "",
      run: () => onChoose({ kind: "new" }),
    });
  }
  if (idle) items.push(...own.map((each) => item(each, t("choose.sameCustomer"))));
  const others = dossiers.filter((each) => !isHere(each) && (!idle || each.customer_id !== view.customer_id));
  items.push(...others.slice(0, 20).map((each) => item(each, t("choose.others"))));
  if (goals.includes("customer")) {
    const people = customersOf(dossiers).filter((each) => each.customerId !== view.customer_id);
    items.push(
      ...people.slice(0, 8).map((each) => ({
        id: each.customerId,
        group: t("choose.customers"),
        icon: <UserRound size={16} aria-hidden="true" />,
        main: each.name ?? t("customer.unnamed"),
        side: t("choose.newDossier"),
        run: () => onChoose({ kind: "customer", customerId: each.customerId, name: each.name }),
      })),
    );
  }
  return (
    <Finder
      title={t(`choose.${asked.what}`, { number: view.number })}
      placeholder={t("choose.find")}
      text={text}
      onText={setText}
      items={items}
      busy={searching}
      onClose={onClose}
    />
  );
}
