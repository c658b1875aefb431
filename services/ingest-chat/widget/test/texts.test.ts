import assert from "node:assert/strict";
import { test } from "node:test";

import { contrast, textOn } from "../src/colour.ts";
import { language, locale, texts } from "../src/texts.ts";

test("the site's word goes before the page's, and the page's before the browser's", () => {
  assert.equal(language("fr", "en", "en-GB"), "fr");
  assert.equal(language(undefined, "fr-CA", "en-GB"), "fr");
  assert.equal(language(undefined, "", "fr"), "fr");
  assert.equal(language(undefined, "de", "fr-FR"), "fr");
  assert.equal(language("de", "ja", "ja"), "en");
  assert.equal(language(undefined, "frisian", "ja"), "en");
});

test("times are written as where the site or the visitor is, in the language that is spoken", () => {
  assert.equal(locale("en", undefined, "en", "en-GB", "en"), "en-GB");
  assert.equal(locale("fr", "fr-CA", "en", "fr-FR"), "fr-CA");
  assert.equal(locale("fr", undefined, "fr", "en-GB"), "fr");
  assert.equal(locale("en", undefined, "en_GB", "english"), "en");
});

test("French says all that English says", () => {
  assert.deepEqual(Object.keys(texts.fr).sort(), Object.keys(texts.en).sort());
  assert.deepEqual(Object.keys(texts.fr.problems).sort(), Object.keys(texts.en.problems).sort());
});

test("one is one and two are two", () => {
  assert.equal(texts.en.openUnread(1), "Chat with us, 1 new message");
  assert.equal(texts.fr.openUnread(2), "Discuter avec nous, 2 nouveaux messages");
  assert.equal(texts.fr.answers(20), "Répond en général en une minute");
  assert.equal(texts.en.answers(3 * 3600), "Usually answers within 3 hours");
});

test("text on any colour can be read", () => {
  for (const colour of ["#2f6fed", "#7a3b69", "#ffd400", "#000000", "#ffffff", "#808080", "#00b894", "#ff5a5f"]) {
    assert.ok(contrast(colour, textOn(colour)) >= 4.5, colour);
  }
});
