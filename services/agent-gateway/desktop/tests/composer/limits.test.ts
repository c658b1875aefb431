import { expect, test } from "vitest";
import { expectedTarget, looksFormatted, obstacleOf, piecesOf } from "../../src/composer/limits";
import type { ConversationView } from "../../src/contracts/types";
import { at, because, conversation } from "../builders";

const NOW = Date.parse(at(0));
const on = (channel: string, more: Partial<ConversationView> = {}): ConversationView => ({
  conversation: conversation(`${channel}-1`, channel),
  identity: { kind: "messenger", value: "1" },
  assurance: "channel",
  display_name: null,
  last_message_at: null,
  reply_window_ends_at: null,
  because: { ...because, link_id: null },
  ...more,
});
const file = (media_type: string) => ({
  sha256: "0".repeat(64),
  filename: "f",
  media_type,
  size_bytes: 1,
  inline: false,
});

test("a window that has closed stops an answer, one that is open does not", () => {
  expect(obstacleOf(on("social", { reply_window_ends_at: at(-1) }), [], NOW)).toEqual({
    kind: "window-expired",
    at: at(-1),
  });
  expect(obstacleOf(on("social", { reply_window_ends_at: at(1) }), [], NOW)).toBeNull();
});

test("a long text goes out in pieces, cut where words end, and nothing is lost", () => {
  expect(piecesOf("🙂".repeat(2000), 2000)).toHaveLength(1);
  expect(piecesOf("x".repeat(50_000), null)).toHaveLength(1);
  const words = Array.from({ length: 900 }, (_, index) => `word${index}`);
  const pieces = piecesOf(words.join(" "), 2000);
  expect(pieces.every((piece) => piece.length <= 2000 && !piece.startsWith(" "))).toBe(true);
  expect(pieces.join(" ").split(" ")).toEqual(words);
});

test("files that are no pictures go by e-mail only", () => {
  expect(obstacleOf(on("chat"), [file("application/pdf")], NOW)).toEqual({ kind: "files", names: ["f"] });
  expect(obstacleOf(on("email"), [file("application/pdf")], NOW)).toBeNull();
  expect(obstacleOf(on("chat"), [file("image/png")], NOW)).toBeNull();
});

test("nobody can be answered where nobody has written", () => {
  expect(obstacleOf(on("email", { identity: null }), [], NOW)).toEqual({ kind: "no-recipient" });
});

test("an answer is expected where the customer wrote last", () => {
  const conversations = [on("email", { last_message_at: at(1) }), on("chat", { last_message_at: at(5) }), on("social")];
  expect(expectedTarget(conversations, "chat")).toBe("chat-1");
  expect(expectedTarget([], null)).toBeNull();
});

test("signs of formatting are noticed, ordinary text is not", () => {
  expect(["**bold**", "# Title", "`code`", "[a](b)"].map(looksFormatted)).toEqual([true, true, true, true]);
  expect(["2 * 3 * 4", "a_b_c", "Order #4711"].map(looksFormatted)).toEqual([false, false, false]);
});
