import { AtSign, Mail, MessageCircle, MessageSquareMore, Phone, Radio } from "lucide-react";
import { useTranslation } from "react-i18next";
import { wordOr } from "../i18n/words";
import styles from "./ui.module.css";

const ICONS = { email: Mail, chat: MessageCircle, social: MessageSquareMore, voice: Phone, form: AtSign } as const;

/** A channel by icon and word; the word is only left out where another word says the same. */
export function ChannelMark({
  channel,
  network,
  iconOnly = false,
  size = 14,
}: {
  channel: string;
  network?: string | null;
  iconOnly?: boolean;
  size?: number;
}) {
  const { t } = useTranslation();
  const Icon = ICONS[channel as keyof typeof ICONS] ?? Radio;
  const word = channelWord(t, channel, network);
  return (
    <span className={[styles.mark, styles[channel]].filter(Boolean).join(" ")} title={iconOnly ? word : undefined}>
      <Icon size={size} aria-hidden="true" />
      {iconOnly ? <span className="visually-hidden">{word}</span> : word}
    </span>
  );
}

/** `social` says little to an agent: the network's own name is the word where it is known. */
export function channelWord(t: Parameters<typeof wordOr>[0], channel: string, network?: string | null): string {
  if (channel === "social" && network) return wordOr(t, `network.${network}`, network);
  return wordOr(t, `channel.${channel}`, channel);
}
