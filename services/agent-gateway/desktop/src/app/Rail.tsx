import { Check } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useTranslation } from "react-i18next";
import { INBOX_VIEWS } from "../inbox/views";
import { LANGUAGES, setLanguage, type Language } from "../i18n";
import { Avatar } from "../ui/Avatar";
import { Keys } from "../ui/Keys";
import { Tip } from "../ui/Tip";
import uiStyles from "../ui/ui.module.css";
import { useCommand } from "./commands";
import { ConnectionState } from "./ConnectionState";
import { prefer, usePreferences } from "./preferences";
import { go } from "./router";
import { useRuntime } from "./runtime";
import styles from "./shell.module.css";

export function Rail({ viewId, onKeys }: { viewId: string; onKeys: () => void }) {
  const { t } = useTranslation();
  return (
    <nav className={styles.rail} aria-label={t("rail.label")}>
      <div className={styles.brand}>
        <img src="/favicon.svg" alt="" />
        <span className={styles.railLabel}>Omnifil</span>
      </div>
      <ul>
        {INBOX_VIEWS.map((view) => (
          <li key={view.id}>
            <RailLink view={view} current={view.id === viewId} />
          </li>
        ))}
      </ul>
      <div className={styles.railFoot}>
        <ConnectionState />
        <Settings onKeys={onKeys} />
      </div>
    </nav>
  );
}

function RailLink({ view, current }: { view: (typeof INBOX_VIEWS)[number]; current: boolean }) {
  const { t } = useTranslation();
  const Icon = view.icon;
  const name = t(`view.${view.id}`);
  const open = () => go({ view: view.id, dossierId: null });
  useCommand({
    id: `view.${view.id}`,
    title: t("command.goTo", { view: name }),
    group: "go",
    keys: view.keys,
    run: open,
  });
  return (
    <Tip label={name} keys={view.keys}>
      <button
        type="button"
        className={styles.railLink}
        aria-label={name}
        aria-current={current ? "page" : undefined}
        onClick={open}
        data-testid={`view-${view.id}`}
      >
        <Icon size={17} strokeWidth={1.8} aria-hidden="true" />
        <span className={styles.railLabel}>{name}</span>
      </button>
    </Tip>
  );
}

const NAMES: Record<Language, string> = { en: "English", fr: "Français" };

function Settings({ onKeys }: { onKeys: () => void }) {
  const { t, i18n } = useTranslation();
  const { me, signOut } = useRuntime();
  const preferences = usePreferences();
  const themes = ["system", "light", "dark"] as const;
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger
        className={styles.who}
        aria-label={t("rail.settings", { name: me.name })}
        data-testid="settings"
      >
        <Avatar name={me.name} seed={me.sub} />
        <span className={styles.railLabel}>{me.name}</span>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={uiStyles.menu} side="top" align="start" sideOffset={6} collisionPadding={8}>
          <DropdownMenu.Label className={uiStyles.menuLabel}>{me.name}</DropdownMenu.Label>
          <DropdownMenu.RadioGroup
            value={preferences.theme}
            onValueChange={(theme) => prefer({ theme: theme as (typeof themes)[number] })}
          >
            <DropdownMenu.Label className={uiStyles.menuLabel}>{t("settings.theme")}</DropdownMenu.Label>
            {themes.map((theme) => (
              <DropdownMenu.RadioItem
                key={theme}
                value={theme}
                className={uiStyles.item}
                data-testid={`theme-${theme}`}
              >
                {t(`settings.${theme}`)}
                <DropdownMenu.ItemIndicator className={uiStyles.itemEnd}>
                  <Check size={14} aria-hidden="true" />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className={uiStyles.separator} />
          <DropdownMenu.RadioGroup
            value={i18n.language}
            onValueChange={(language) => setLanguage(language as Language)}
          >
            <DropdownMenu.Label className={uiStyles.menuLabel}>{t("settings.language")}</DropdownMenu.Label>
            {LANGUAGES.map((language) => (
              <DropdownMenu.RadioItem
                key={language}
                value={language}
                className={uiStyles.item}
                lang={language}
                data-testid={`language-${language}`}
              >
                {NAMES[language]}
                <DropdownMenu.ItemIndicator className={uiStyles.itemEnd}>
                  <Check size={14} aria-hidden="true" />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className={uiStyles.separator} />
          <DropdownMenu.CheckboxItem
            className={uiStyles.item}
            checked={preferences.singleKeys}
            onCheckedChange={(singleKeys) => prefer({ singleKeys })}
          >
            {t("settings.singleKeys")}
            <DropdownMenu.ItemIndicator className={uiStyles.itemEnd}>
              <Check size={14} aria-hidden="true" />
            </DropdownMenu.ItemIndicator>
          </DropdownMenu.CheckboxItem>
          <DropdownMenu.Item className={uiStyles.item} onSelect={onKeys}>
            {t("settings.keys")}
            <span className={uiStyles.itemEnd}>
              <Keys keys="?" />
            </span>
          </DropdownMenu.Item>
          <DropdownMenu.Separator className={uiStyles.separator} />
          <DropdownMenu.Item className={uiStyles.item} onSelect={signOut} data-testid="sign-out">
            {t("settings.signOut")}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
