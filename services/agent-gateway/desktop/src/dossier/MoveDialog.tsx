import { Split } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Finder, type Found } from "../app/Finder";
import { useFindDossiers } from "../app/find";
import { useDesk } from "../app/runtime";
import type { Command, DossierView } from "../contracts/types";
import { StatusMark } from "./StatusMark";

export interface Moving {
  kind: "message" | "conversation";
  id: string;
}

/** Where to: another dossier (the customer's own first), or a new one. */
export function MoveDialog({
  view,
  moving,
  onMove,
  onClose,
}: {
  view: DossierView;
  moving: Moving;
  onMove: (command: Command) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { text, setText, dossiers, searching } = useFindDossiers();
  const own = useDesk((desk) =>
    desk.views().filter((each) => each.customer_id === view.customer_id && each.dossier_id !== view.dossier_id),
  );
  const to = (dossierId: string | null): Command =>
    moving.kind === "message"
      ? { type: "move_message", message_id: moving.id, to_dossier_id: dossierId }
      : { type: "move_conversation", conversation_id: moving.id, to_dossier_id: dossierId };
  const item = (each: DossierView, group: string): Found => ({
    id: each.dossier_id,
    group,
    icon: <StatusMark status={each.status} iconOnly />,
    main: each.subject ?? each.number,
    side: `${each.customer_name ?? t("customer.unnamed")} · ${each.number}`,
    run: () => onMove(to(each.dossier_id)),
  });
  const items: Found[] = [];
  if (text.trim() === "") {
    items.push({
      id: "new",
      group: t("move.elsewhere"),
      icon: <Split size={16} aria-hidden="true" />,
      main: t(moving.kind === "message" ? "move.unlinkMessage" : "move.unlinkConversation"),
      side: "",
      run: () => onMove(to(null)),
    });
    items.push(...own.map((each) => item(each, t("move.sameCustomer"))));
  }
  const others = dossiers.filter(
    (each) => each.dossier_id !== view.dossier_id && (text.trim() !== "" || each.customer_id !== view.customer_id),
  );
  items.push(...others.slice(0, 20).map((each) => item(each, t("move.others"))));
  return (
    <Finder
      title={t(moving.kind === "message" ? "move.messageTo" : "move.conversationTo")}
      placeholder={t("move.find")}
      text={text}
      onText={setText}
      items={items}
      busy={searching}
      onClose={onClose}
    />
  );
}
