import { useMemo, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

export interface Format {
  time(at: string): string;
  /** `Today`, `Yesterday`, `Monday 3 November`. */
  day(at: string): string;
  /** Date and time in full, for titles and evidence. */
  full(at: string): string;
  /** How long ago, as short as can be read: `now`, `4 min`, `3 h`, `2 d`, then the date. */
  ago(at: string, now: number): string;
  /** A length of time in one or two units: `23 h 10 min`. */
  span(ms: number): string;
  number(value: number): string;
  bytes(value: number): string;
  list(words: string[]): string;
  language(tag: string): string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The agent's own region of the language where the browser says one: `en-GB` writes 17:05, `en-US` 5:05 PM. */
function regional(language: string): string {
  return navigator.languages.find((tag) => tag.startsWith(`${language}-`)) ?? (language === "en" ? "en-GB" : language);
}

export function formatFor(language: string, words: { now: string; today: string; yesterday: string }): Format {
  const locale = regional(language);
  const times = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const days = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
  const years = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
  const short = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
  const numbers = new Intl.NumberFormat(locale);
  const lists = new Intl.ListFormat(locale, { type: "conjunction" });
  const languages = new Intl.DisplayNames(locale, { type: "language" });
  const unit = (name: string, value: number) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "narrow" }).format(value);
  const startOfDay = (at: number) => new Date(at).setHours(0, 0, 0, 0);

  const span = (ms: number): string => {
    if (ms < HOUR) return unit("minute", Math.max(1, Math.floor(ms / MINUTE)));
    if (ms < DAY) {
      const minutes = Math.floor((ms % HOUR) / MINUTE);
      const hours = unit("hour", Math.floor(ms / HOUR));
      return ms < 6 * HOUR && minutes > 0 ? `${hours} ${unit("minute", minutes)}` : hours;
    }
    return unit("day", Math.floor(ms / DAY));
  };
  return {
    time: (at) => times.format(new Date(at)),
    day: (at) => {
      const date = new Date(at);
      const distance = Math.round((startOfDay(Date.now()) - startOfDay(date.getTime())) / DAY);
      if (distance === 0) return words.today;
      if (distance === 1) return words.yesterday;
      return date.getFullYear() === new Date().getFullYear() ? days.format(date) : years.format(date);
    },
    full: (at) => full.format(new Date(at)),
    ago: (at, now) => {
      const ms = now - Date.parse(at);
      if (ms < MINUTE) return words.now;
      return ms < 7 * DAY ? span(ms).split(/ (?=\d)/)[0]! : short.format(new Date(at));
    },
    span,
    number: (value) => numbers.format(value),
    bytes: (value) =>
      value < 1_000_000
        ? unit("kilobyte", Math.max(1, Math.round(value / 1000)))
        : unit("megabyte", Math.round(value / 100_000) / 10),
    list: (parts) => lists.format(parts),
    language: (tag) => {
      try {
        return languages.of(tag) ?? tag;
      } catch {
        return tag;
      }
    },
  };
}

export function useFormat(): Format {
  const { t, i18n } = useTranslation();
  return useMemo(
    () => formatFor(i18n.language, { now: t("time.now"), today: t("time.today"), yesterday: t("time.yesterday") }),
    [i18n.language, t],
  );
}

let tick = Date.now();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The time, half a minute at a time: enough for "4 min ago", and one timer for all of them. */
export function useNow(): number {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      timer ??= setInterval(() => {
        tick = Date.now();
        for (const each of watchers) each();
      }, 20_000);
      return () => watchers.delete(watcher);
    },
    () => tick,
  );
}
