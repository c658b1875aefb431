import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import en from "../../src/i18n/en.json";
import fr from "../../src/i18n/fr.json";

const PLURAL = /_(zero|one|two|few|many|other)$/;

function keysOf(node: object, prefix = ""): string[] {
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === "string" ? [prefix + key] : keysOf(value as object, `${prefix}${key}.`),
  );
}
const textAt = (node: unknown, key: string): string =>
  String(key.split(".").reduce((at, part) => (at as Record<string, unknown>)[part], node));
const bare = (keys: string[]) => [...new Set(keys.map((key) => key.replace(PLURAL, "")))].sort();

test("both languages say everything", () => {
  expect(bare(keysOf(fr))).toEqual(bare(keysOf(en)));
});

test.each([
  ["en", en],
  ["fr", fr],
] as const)("%s has every plural form that its grammar asks for", (language, texts) => {
  const keys = keysOf(texts);
  const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const counted = [...new Set(keys.filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, "")))];
  const missing = counted.flatMap((key) => needed.map((form) => `${key}_${form}`)).filter((key) => !keys.includes(key));
  expect(missing).toEqual([]);
});

test("the two languages fill in the same blanks", () => {
  const blanks = (text: string) =>
    [...new Set(text.match(/\{\{\w+\}\}/g) ?? [])].filter((blank) => blank !== "{{count}}").sort();
  const differing = keysOf(en)
    .filter((key) => keysOf(fr).includes(key))
    .filter((key) => String(blanks(textAt(en, key))) !== String(blanks(textAt(fr, key))));
  expect(differing).toEqual([]);
});

describe("the source", () => {
  const files = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((item) =>
      item.isDirectory() ? files(join(folder, item.name)) : /\.tsx?$/.test(item.name) ? [join(folder, item.name)] : [],
    );
  const source = files(join(import.meta.dirname, "../../src"))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");

  test("asks only for texts that exist", () => {
    const known = new Set([...keysOf(en), ...bare(keysOf(en))]);
    const asked = [
      ...source.matchAll(
        /\b(?:t\(|i18nKey=|text: )"([a-z][\w-]*(?:\.[\w-]+)+|close|retry|remove|dismiss|me|arrival)"/gi,
      ),
    ].map((match) => match[1]!);
    expect(asked.length).toBeGreaterThan(100);
    expect(asked.filter((key) => !known.has(key))).toEqual([]);
  });
});
