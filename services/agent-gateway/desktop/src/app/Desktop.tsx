import { MessagesSquare, WifiOff } from "lucide-react";
import { useEffect, useState } from "react";
import { Trans, useTranslation } from "react-i18next";
import { Corrections } from "../corrections/Corrections";
import { CustomerPanel } from "../customer/CustomerPanel";
import { Dossier } from "../dossier/Dossier";
import { useFormat } from "../i18n/format";
import { LANGUAGES, setLanguage } from "../i18n";
import { Inbox } from "../inbox/Inbox";
import inboxStyles from "../inbox/inbox.module.css";
import { markSeen } from "../inbox/seen";
import { useDossierView } from "../live/queries";
import { Boundary } from "../ui/Boundary";
import { State } from "../ui/State";
import { useCommand } from "./commands";
import { Hint } from "./Hint";
import { KeysOverview } from "./KeysOverview";
import { Palette } from "./Palette";
import { uncover, useCustomerPanel } from "./panels";
import { prefer, usePreferences } from "./preferences";
import { Rail } from "./Rail";
import { go, usePlace } from "./router";
import { useConnection, useRuntime } from "./runtime";
import { SessionEnded } from "./Gate";
import styles from "./shell.module.css";

/** Rail, list, dossier, customer. On a phone one of them at a time. */
export function Desktop() {
  const { t, i18n } = useTranslation();
  const { signOut } = useRuntime();
  const place = usePlace();
  const preferences = usePreferences();
  const connection = useConnection();
  const [overlay, setOverlay] = useState<"palette" | "keys" | null>(null);
  const view = useDossierView(place.dossierId);
  const customer = useCustomerPanel();
  const showsCustomer = customer.open && view !== undefined;
  useEffect(uncover, [place.dossierId]);

  const last = view?.last_message;
  useEffect(() => {
    if (place.dossierId !== null && last?.author === "customer" && document.visibilityState === "visible")
      markSeen(place.dossierId, last.message_id);
  }, [place.dossierId, last]);
  useEffect(() => {
    document.title = view ? `${view.subject ?? view.number} · Omnifil` : `${t(`view.${place.view}`)} · Omnifil`;
  }, [view, place.view, t]);

  useCommand({
    id: "palette",
    title: t("command.palette"),
    group: "app",
    keys: "mod+k",
    inFields: true,
    hidden: true,
    run: () => setOverlay("palette"),
  });
  useCommand({ id: "keys", title: t("command.keys"), group: "app", keys: "?", run: () => setOverlay("keys") });
  useCommand({
    id: "customer",
    title: t("command.customer"),
    group: "app",
    keys: "c",
    run: () => customer.show(!customer.open),
  });
  useCommand(
    {
      id: "list",
      title: t("command.toList"),
      group: "go",
      keys: "Escape",
      hidden: true,
      run: () => go({ dossierId: null }),
    },
    place.dossierId !== null,
  );
  useCommand({
    id: "theme.light",
    title: t("command.themeLight"),
    group: "app",
    run: () => prefer({ theme: "light" }),
  });
  useCommand({ id: "theme.dark", title: t("command.themeDark"), group: "app", run: () => prefer({ theme: "dark" }) });
  useCommand({
    id: "theme.system",
    title: t("command.themeSystem"),
    group: "app",
    run: () => prefer({ theme: "system" }),
  });
  const other = LANGUAGES.find((language) => language !== i18n.language) ?? "en";
  useCommand({
    id: "language",
    title: t("command.language", { language: other === "fr" ? "Français" : "English" }),
    group: "app",
    run: () => setLanguage(other),
  });
  useCommand({ id: "sign-out", title: t("command.signOut"), group: "app", run: signOut });

  return (
    <div className={`${styles.shell} ${showsCustomer ? "" : styles.withoutCustomer}`}>
      <Rail viewId={place.view} onKeys={() => setOverlay("keys")} />
      <section
        className={`${styles.pane} ${place.dossierId === null ? "" : styles.phoneHidden}`}
        aria-label={t("inbox.label", { view: t(`view.${place.view}`) })}
      >
        <Boundary>
          <Inbox viewId={place.view} dossierId={place.dossierId} />
        </Boundary>
        {!preferences.hintSeen && (
          <div className={styles.phoneOnly}>
            <Hint />
          </div>
        )}
      </section>
      <main
        className={`${styles.pane} ${place.dossierId === null ? styles.phoneHidden : ""}`}
        aria-label={t("dossier.label")}
      >
        {connection.state === "offline" && <OfflineBanner since={connection.since} />}
        {place.dossierId === null ? (
          <State icon={MessagesSquare} title={t("nothing.title")}>
            <p>
              <Trans i18nKey="nothing.text" components={[<kbd key="key" className={inboxStyles.kbd} />]} />
            </p>
            {!preferences.hintSeen && <Hint />}
          </State>
        ) : (
          <Boundary key={place.dossierId}>
            <Dossier id={place.dossierId} />
          </Boundary>
        )}
      </main>
      {showsCustomer && (
        <aside
          className={`${styles.pane} ${styles.customerPane}`}
          aria-label={t("customer.label")}
          data-testid="customer"
        >
          <Boundary key={view?.customer_id}>{view && <CustomerPanel view={view} />}</Boundary>
        </aside>
      )}
      <Corrections />
      {overlay === "palette" && <Palette onClose={() => setOverlay(null)} />}
      {overlay === "keys" && <KeysOverview onClose={() => setOverlay(null)} />}
      {connection.state === "signed-out" && <SessionEnded reason={connection.reason} />}
    </div>
  );
}

const QUIET_MS = 1500;

/** Said only when it lasts: a blink of the network is nobody's business. */
function OfflineBanner({ since }: { since: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLasts(true), Math.max(0, since + QUIET_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [since]);
  if (!lasts) return null;
  return (
    <div className={styles.banner} role="status" data-testid="offline-banner">
      <WifiOff size={16} aria-hidden="true" />
      <span>{t("connection.offlineBanner", { time: format.time(new Date(since).toISOString()) })}</span>
    </div>
  );
}
