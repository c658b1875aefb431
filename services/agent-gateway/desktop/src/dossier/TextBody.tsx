import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./timeline.module.css";

const LINK = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}])/g;
const LONG_CHARS = 1600;

/** Plain text as it was written: line breaks kept, addresses as links, the very long folded. */
export const TextBody = memo(function TextBody({ text, lang }: { text: string; lang?: string }) {
  const { t } = useTranslation();
  const [whole, setWhole] = useState(false);
  const isLong = text.length > LONG_CHARS;
  const shown = isLong && !whole ? `${text.slice(0, LONG_CHARS).trimEnd()}…` : text;
  if (text.trim() === "") return <p className={styles.emptyText}>{t("message.noText")}</p>;
  return (
    <>
      <div className={styles.text} lang={lang} dir="auto">
        {shown.split(LINK).map((part, index) =>
          index % 2 === 1 ? (
            <a key={index} href={part} target="_blank" rel="noopener noreferrer nofollow">
              {part}
            </a>
          ) : (
            part
          ),
        )}
      </div>
      {isLong && (
        <button type="button" className={styles.underButton} aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? t("message.less") : t("message.more", { count: text.length - LONG_CHARS })}
        </button>
      )}
    </>
  );
});
