import { useFormat } from "../i18n/format";
import { MessageEntry, NoteEntry, ReplyEntry, SendingEntry } from "./Entry";
import { LineEntry } from "./LineEntry";
import type { Row } from "./rows";
import styles from "./timeline.module.css";

export function RowBody({ row, failed }: { row: Row; failed: ReadonlySet<string> }) {
  const format = useFormat();
  switch (row.kind) {
    case "day":
      return (
        <div className={styles.day}>
          <span>{format.day(row.at)}</span>
        </div>
      );
    case "message":
      return <MessageEntry row={row} />;
    case "reply":
      return <ReplyEntry row={row} />;
    case "note":
      return <NoteEntry row={row} />;
    case "sending":
      return <SendingEntry row={row} failed={failed.has(row.outgoing.commandId)} />;
    case "line":
      return <LineEntry row={row} />;
  }
}

/** How high a row will be, in px, before it has been measured. */
export function estimatedHeight(row: Row): number {
  const lines = (text: string) => Math.min(20, text.split("\n").length + Math.floor(text.length / 90)) * 20;
  switch (row.kind) {
    case "day":
      return 36;
    case "line":
      return 30;
    case "message":
      return (
        (row.grouped ? 40 : 70) + lines(row.event.message.text) + (row.event.message.attachments.length > 0 ? 190 : 0)
      );
    case "reply":
      return 80 + lines(row.reply.text) + (row.reply.attachments.length > 0 ? 190 : 0);
    case "note":
      return 60 + lines(row.event.text);
    case "sending":
      return 60 + lines(row.outgoing.command.text);
  }
}
