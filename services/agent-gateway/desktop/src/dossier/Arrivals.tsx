import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TimelineEntry } from "../contracts/types";
import { channelWord } from "../ui/ChannelMark";

/** Says to a screen reader what arrives in the open dossier. */
export function Arrivals({ entries }: { entries: readonly TimelineEntry[] }) {
  const { t } = useTranslation();
  const heard = useRef(entries.at(-1)?.seq ?? 0);
  const [said, setSaid] = useState("");
  useEffect(() => {
    const fresh = entries.filter((entry) => entry.seq > heard.current);
    heard.current = entries.at(-1)?.seq ?? heard.current;
    const last = fresh.findLast((entry) => entry.event.type === "message_linked");
    if (last?.event.type !== "message_linked") return;
    const { message } = last.event;
    const who = message.sender.display_name ?? message.sender.primary.identity.value;
    setSaid(t("arrival", { who, channel: channelWord(t, message.channel), text: message.text.slice(0, 200) }));
  }, [entries, t]);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {said}
    </div>
  );
}
