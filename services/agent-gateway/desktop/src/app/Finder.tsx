import { Dialog } from "radix-ui";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Keys } from "../ui/Keys";
import uiStyles from "../ui/ui.module.css";
import styles from "./shell.module.css";

export interface Found {
  id: string;
  group: string;
  icon: ReactNode;
  main: string;
  side: ReactNode;
  run: () => void;
}

interface FinderProps {
  title: string;
  placeholder: string;
  text: string;
  onText: (text: string) => void;
  items: readonly Found[];
  busy: boolean;
  /** `chosen`: one of the items runs next. */
  onClose: (chosen: boolean) => void;
}

/** A field and a list under it, all by keys: the palette, and the choice of a dossier. */
export function Finder({ title, placeholder, text, onText, items, busy, onClose }: FinderProps) {
  const { t } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const id = useId();
  const current = Math.min(at, items.length - 1);
  useEffect(() => setAt(0), [text]);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current, items]);

  const run = (item: Found | undefined) => {
    if (item === undefined) return;
    onClose(true);
    // After the dialog has given the focus back, so that a command may take it.
    setTimeout(item.run, 0);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setAt((current + step + items.length) % Math.max(1, items.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(items[current]);
    }
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose(false)}>
      <Dialog.Portal>
        <Dialog.Overlay className={uiStyles.scrim} />
        <Dialog.Content
          className={`${uiStyles.dialog} ${uiStyles.dialogTop}`}
          style={{ marginBottom: "auto" }}
          aria-describedby={undefined}
          data-testid="finder"
        >
          <Dialog.Title className="visually-hidden">{title}</Dialog.Title>
          <input
            className={styles.paletteInput}
            value={text}
            placeholder={placeholder}
            aria-label={title}
            role="combobox"
            aria-expanded="true"
            aria-controls={`${id}-list`}
            aria-activedescendant={items[current] ? `${id}-${current}` : undefined}
            onChange={(event) => onText(event.target.value)}
            onKeyDown={onKeyDown}
          />
          <div
            ref={list}
            id={`${id}-list`}
            className={styles.paletteList}
            role="listbox"
            aria-label={title}
            aria-busy={busy}
          >
            {items.map((item, index) => (
              <div key={`${item.group}/${item.id}`} role="presentation">
                {item.group !== items[index - 1]?.group && (
                  <div className={styles.paletteGroup} role="presentation">
                    {item.group}
                  </div>
                )}
                {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the field has the focus and the keys */}
                <div
                  id={`${id}-${index}`}
                  role="option"
                  aria-selected={index === current}
                  className={styles.paletteItem}
                  onClick={() => run(item)}
                  onPointerMove={() => setAt(index)}
                >
                  {item.icon}
                  <span className={styles.paletteMain}>{item.main}</span>
                  <span className={styles.paletteSide}>{item.side}</span>
                </div>
              </div>
            ))}
            {items.length === 0 && (
              <div className={styles.paletteEmpty}>{busy ? t("finder.searching") : t("finder.nothing")}</div>
            )}
          </div>
          <div className={styles.paletteFoot} aria-hidden="true">
            <span>
              <Keys keys="ArrowUp" /> <Keys keys="ArrowDown" /> {t("finder.move")}
            </span>
            <span>
              <Keys keys="Enter" /> {t("finder.choose")}
            </span>
            <span>
              <Keys keys="Escape" /> {t("close")}
            </span>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
