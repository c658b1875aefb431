import { FileText, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Attachment } from "../contracts/types";
import { isPicture } from "../dossier/Attachments";
import { useFormat } from "../i18n/format";
import { useBlob } from "../live/queries";
import { IconButton } from "../ui/Button";
import styles from "./composer.module.css";

export function UploadedPicture({ attachment, onRemove }: { attachment: Attachment; onRemove: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { url } = useBlob(attachment, isPicture(attachment));
  return (
    <li className={styles.uploaded} data-testid="uploaded">
      {url === null ? <FileText size={18} aria-hidden="true" /> : <img src={url} alt="" />}
      <span className={styles.uploadedName}>{attachment.filename}</span>
      <span className={styles.uploadedSize}>{format.bytes(attachment.size_bytes)}</span>
      <IconButton
        look={["small", "quiet"]}
        label={t("composer.removePicture", { name: attachment.filename })}
        onClick={onRemove}
      >
        <X size={14} aria-hidden="true" />
      </IconButton>
    </li>
  );
}
