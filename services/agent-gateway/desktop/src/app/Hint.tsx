import { useTranslation } from "react-i18next";
import { Button } from "../ui/Button";
import { Keys } from "../ui/Keys";
import styles from "./hint.module.css";
import { prefer } from "./preferences";
import { useRuntime } from "./runtime";

/** The first minute, in five lines; it does not come again. */
export function Hint() {
  const { t } = useTranslation();
  const { me } = useRuntime();
  const lines = [
    ["j", "move"],
    ["r", "reply"],
    ["mod+k", "palette"],
    ["?", "keys"],
  ] as const;
  return (
    <aside className={styles.hint} aria-label={t("hint.title", { name: me.name })} data-testid="hint">
      <h2>{t("hint.title", { name: me.name })}</h2>
      <p>{t("hint.text")}</p>
      <ul>
        {lines.map(([keys, key]) => (
          <li key={key}>
            {key === "move" ? (
              <span className={styles.pair}>
                <Keys keys="j" />
                <Keys keys="k" />
              </span>
            ) : (
              <Keys keys={keys} />
            )}
            {t(`hint.${key}`)}
          </li>
        ))}
      </ul>
      <Button look="small" onClick={() => prefer({ hintSeen: true })}>
        {t("hint.done")}
      </Button>
    </aside>
  );
}
