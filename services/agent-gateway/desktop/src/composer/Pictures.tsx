import { CircleAlert, LoaderCircle, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Attachment } from "../contracts/types";
import { Button, IconButton } from "../ui/Button";
import styles from "./composer.module.css";
import { UploadedPicture } from "./UploadedPicture";
import type { Upload } from "./uploads";

interface PicturesProps {
  attachments: readonly Attachment[];
  uploads: readonly Upload[];
  onRemove: (index: number) => void;
  onAgain: (upload: Upload) => void;
  onForget: (upload: Upload) => void;
}

/** What goes out with the text: what is there, what is on its way, and what did not get through. */
export function Pictures({ attachments, uploads, onRemove, onAgain, onForget }: PicturesProps) {
  const { t } = useTranslation();
  if (attachments.length === 0 && uploads.length === 0) return null;
  return (
    <ul className={styles.pictures} aria-label={t("composer.attachments")}>
      {attachments.map((each, index) => (
        <UploadedPicture key={`${each.sha256}-${index}`} attachment={each} onRemove={() => onRemove(index)} />
      ))}
      {uploads.map((each) => (
        <li key={each.key} className={styles.uploading}>
          {each.failed === null ? (
            <LoaderCircle size={16} className={styles.spin} aria-hidden="true" />
          ) : (
            <CircleAlert size={16} aria-hidden="true" />
          )}
          <span>
            {each.failed === null
              ? t("composer.uploading", { name: each.name })
              : t("composer.uploadFailed", { name: each.name })}
          </span>
          {each.failed !== null && (
            <span className={styles.uploadActions}>
              <Button look="small" onClick={() => onAgain(each)}>
                {t("retry")}
              </Button>
              <IconButton look={["small", "quiet"]} label={t("remove")} onClick={() => onForget(each)}>
                <X size={14} aria-hidden="true" />
              </IconButton>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
