import { Download, FileText, ImageOff, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useRuntime } from "../app/runtime";
import type { Attachment } from "../contracts/types";
import { useFormat } from "../i18n/format";
import { useBlob } from "../live/queries";
import { IconButton } from "../ui/Button";
import { focusDialog } from "../ui/focusDialog";
import { toast } from "../ui/toasts";
import uiStyles from "../ui/ui.module.css";
import styles from "./timeline.module.css";

const SHOWN = /^image\/(png|jpeg|gif|webp|avif)$/;
export const isPicture = (attachment: Attachment): boolean => SHOWN.test(attachment.media_type);

export function Attachments({ attachments }: { attachments: readonly Attachment[] }) {
  if (attachments.length === 0) return null;
  const pictures = attachments.filter(isPicture);
  const files = attachments.filter((each) => !isPicture(each));
  return (
    <div className={styles.attachments}>
      {pictures.map((each, index) => (
        <Picture key={`${each.sha256}-${index}`} attachment={each} />
      ))}
      {files.map((each, index) => (
        <FileChip key={`${each.sha256}-${index}`} attachment={each} />
      ))}
    </div>
  );
}

/** A picture in a box whose size does not depend on it, so that nothing moves when it arrives. */
function Picture({ attachment }: { attachment: Attachment }) {
  const { t } = useTranslation();
  const { url, error } = useBlob(attachment);
  if (error) {
    return (
      <div className={styles.pictureGone} role="img" aria-label={attachment.filename}>
        <ImageOff size={18} aria-hidden="true" />
        {t("attachment.unavailable", { name: attachment.filename })}
      </div>
    );
  }
  return (
    <Dialog.Root>
      <Dialog.Trigger
        className={styles.picture}
        aria-label={t("attachment.open", { name: attachment.filename })}
        data-testid="picture"
      >
        {url !== null && <img src={url} alt={attachment.filename} />}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className={uiStyles.scrim} />
        <Dialog.Content className={styles.lightbox} aria-describedby={undefined} onOpenAutoFocus={focusDialog}>
          <Dialog.Title className={styles.lightboxTitle}>{attachment.filename}</Dialog.Title>
          <Dialog.Close asChild>
            <IconButton label={t("close")} className={styles.lightboxClose}>
              <X size={18} aria-hidden="true" />
            </IconButton>
          </Dialog.Close>
          {url !== null && <img src={url} alt={attachment.filename} />}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function FileChip({ attachment }: { attachment: Attachment }) {
  const { t } = useTranslation();
  const { api } = useRuntime();
  const format = useFormat();
  const [busy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      const url = URL.createObjectURL(await api.blob(attachment));
      const link = document.createElement("a");
      link.href = url;
      link.download = attachment.filename;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 30_000);
    } catch (error) {
      toast({ error: error as Error });
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      className={styles.file}
      onClick={() => void download()}
      disabled={busy}
      aria-label={t("attachment.download", { name: attachment.filename })}
    >
      <FileText size={16} aria-hidden="true" />
      <span className={styles.fileName}>{attachment.filename}</span>
      <span className={styles.fileSize}>{format.bytes(attachment.size_bytes)}</span>
      <Download size={14} aria-hidden="true" />
    </button>
  );
}
