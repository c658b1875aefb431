import type { TFunction } from "i18next";
import i18n from "i18next";

/** The translation of a word that comes from data (`channel.sms`), or what stands in for one we do not have. */
export function wordOr(t: TFunction, key: string, otherwise: string, values: Record<string, unknown> = {}): string {
  return i18n.exists(key, values) ? t(key, values) : otherwise;
}
