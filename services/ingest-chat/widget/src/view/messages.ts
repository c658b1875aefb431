// The conversation as a list: what the service has, then what is still on its way out.

import type { ChatState } from "../chat.ts";
import type { Attachment } from "../protocol.ts";
import type { Texts } from "../texts.ts";
import { arrange, h, icon, initials, linked } from "./dom.ts";

interface Item {
  readonly key: string;
  readonly mine: boolean;
  readonly name: string | null;
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly at: Date;
  readonly state: "sending" | "waiting" | "sent" | "read" | "failed" | "theirs";
  readonly refused?: string;
}

export interface Actions {
  retry(id: string): void;
  discard(id: string): void;
  address(path: string): string;
}

const TOGETHER_MS = 5 * 60_000;

/** Everything to show, each message once: what is in the transcript is not shown from the outbox again. */
export function items(state: ChatState): Item[] {
  const { conversation, outgoing, line } = state;
  const unsent = line.kind === "live" ? "sending" : "waiting";
  const waiting = new Set(outgoing.map(({ id }) => id));
  const shown: Item[] = conversation.entries
    .filter((entry) => !waiting.has(entry.client_message_id ?? ""))
    .map((entry) => {
      const isRead = entry.seq <= conversation.agentReadSeq;
      const mine = entry.author === "visitor";
      const sent = entry.state === "pending" ? unsent : isRead ? "read" : "sent";
      return { ...entry, key: entry.id, mine, at: new Date(entry.at), state: mine ? sent : "theirs" };
    });
  const leaving: Item[] = outgoing.map((message) => ({
    key: message.id,
    mine: true,
    name: null,
    text: message.text,
    attachments: message.attachments,
    at: new Date(message.at),
    state: message.refused === undefined ? unsent : "failed",
    ...(message.refused !== undefined && { refused: message.refused }),
  }));
  return [...shown, ...leaving];
}

export class MessageList {
  readonly element: HTMLElement;
  private readonly texts: Texts;
  private readonly actions: Actions;
  private readonly time: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;
  private nodes = new Map<string, { signature: string; node: HTMLElement }>();

  constructor(locale: string, texts: Texts, actions: Actions) {
    this.texts = texts;
    this.actions = actions;
    this.time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
    this.day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
    this.element = h("ol", { class: "messages" });
  }

  render(state: ChatState): void {
    const all = items(state);
    const nodes = new Map<string, { signature: string; node: HTMLElement }>();
    const wanted: Element[] = [];
    const put = (key: string, signature: string, make: () => HTMLElement): void => {
      const known = this.nodes.get(key);
      const kept = known?.signature === signature ? known : { signature, node: make() };
      nodes.set(key, kept);
      wanted.push(kept.node);
    };
    all.forEach((item, index) => {
      const [before, after] = [all[index - 1], all[index + 1]];
      const day = this.day.format(item.at);
      if (!before || this.day.format(before.at) !== day) put(`day ${day}`, "", () => h("li", { class: "day" }, day));
      const begins = !before || !together(before, item);
      const ends = !after || !together(item, after);
      const state_ = ends || item.state === "failed" || item.state !== after?.state ? item.state : "";
      const signature = JSON.stringify([begins, ends, state_, item.text, item.refused, item.attachments.length]);
      put(item.key, signature, () => this.message(item, begins, ends, state_ !== ""));
    });
    if (state.typing) put("typing", String(state.typing.name), () => this.typing(state.typing?.name ?? null));
    this.nodes = nodes;
    arrange(this.element, wanted);
  }

  private message(item: Item, begins: boolean, ends: boolean, states: boolean): HTMLElement {
    const name = item.mine ? this.texts.you : (item.name ?? this.texts.somebody);
    const side = item.mine ? "mine" : "theirs";
    return h(
      "li",
      { class: `message ${side}${begins ? " begins" : ""}${ends ? " ends" : ""}${item.refused ? " failed" : ""}` },
      !item.mine && ends ? h("span", { class: "avatar", "aria-hidden": "true" }, initials(name)) : null,
      h(
        "div",
        { class: "body" },
        h("span", { class: item.mine || !begins ? "hidden" : "name" }, name),
        ...item.attachments.map((file) => this.file(file)),
        item.text ? h("p", { class: "bubble", dir: "auto" }, ...linked(item.text)) : null,
        ends || states ? this.meta(item, ends, states) : null,
      ),
    );
  }

  private meta(item: Item, ends: boolean, states: boolean): HTMLElement {
    const { texts } = this;
    if (item.refused !== undefined) {
      return h(
        "div",
        { class: "meta problem" },
        h("span", {}, icon("warn"), texts.problems[item.refused] ?? texts.problems.other!),
        h("button", { class: "link", type: "button", onclick: () => this.actions.retry(item.key) }, texts.retry),
        h("button", { class: "link", type: "button", onclick: () => this.actions.discard(item.key) }, texts.discard),
      );
    }
    const time = ends ? h("time", { datetime: item.at.toISOString() }, this.time.format(item.at)) : null;
    if (item.state === "theirs" || !states) return h("div", { class: "meta" }, time);
    const marks = { sending: "clock", waiting: "clock", sent: "check", read: "checks" } as const;
    const state = item.state as keyof typeof marks;
    const words = { sending: texts.sending, waiting: texts.waiting, sent: texts.sent, read: texts.read };
    return h("div", { class: `meta ${state}` }, time, h("span", { class: "state" }, icon(marks[state]), words[state]));
  }

  private file(file: Attachment): HTMLElement {
    const url = this.actions.address(file.url);
    const isImage = /^image\/(jpeg|png|gif|webp)$/.test(file.media_type);
    const shown = isImage
      ? h("img", { src: url, alt: this.texts.image(file.filename), loading: "lazy", referrerpolicy: "no-referrer" })
      : file.filename;
    const opens = { href: url, target: "_blank", rel: "noopener noreferrer" };
    return h("a", { class: isImage ? "picture" : "bubble file", ...opens }, shown);
  }

  private typing(name: string | null): HTMLElement {
    const dots = h("p", { class: "bubble dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
    const who = h("span", { class: "hidden" }, this.texts.typing(name));
    const avatar = h("span", { class: "avatar", "aria-hidden": "true" }, initials(name ?? this.texts.somebody));
    return h("li", { class: "message theirs begins ends" }, avatar, h("div", { class: "body" }, who, dots));
  }
}

function together(one: Item, other: Item): boolean {
  const near = other.at.getTime() - one.at.getTime() < TOGETHER_MS;
  return near && one.mine === other.mine && one.name === other.name && one.at.getDate() === other.at.getDate();
}
