import { useTranslation } from "react-i18next";
import styles from "./timeline.module.css";

/** Nothing is loaded and nothing runs: neither by the sandbox nor by this policy. Links open in a tab of their own. */
const HEAD = `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"><base target="_blank"><style>body{font:14px/1.5 system-ui,sans-serif;margin:14px;color:#1a1a20;background:#fff;overflow-wrap:anywhere}img{max-width:100%}</style>`;

/** A mail as its sender formatted it, in a frame that can do nothing. */
export function HtmlBody({ html }: { html: string }) {
  const { t } = useTranslation();
  return (
    <iframe
      className={styles.html}
      title={t("message.formatted")}
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      referrerPolicy="no-referrer"
      srcDoc={HEAD + html}
    />
  );
}
