// The widget on the page: the button in the corner, the panel, and what they show of the chat's state.

import type { Chat, ChatState } from "../chat.ts";
import { textOn } from "../colour.ts";
import { agentName, lastSeq } from "../conversation.ts";
import { imagesIn } from "../images.ts";
import type { Store } from "../outbox.ts";
import type { Texts } from "../texts.ts";
import { Composer } from "./composer.ts";
import { ContactCard } from "./contact.ts";
import { h, icon, initials } from "./dom.ts";
import { MessageList } from "./messages.ts";
import css from "./style.css";

const BOTTOM_PX = 80;
const QUIET_MS = 1_500;

export interface Wiring {
  readonly chat: Chat;
  readonly store: Store;
  readonly account: string;
  readonly language: string;
  /** By which times are written. */
  readonly locale: string;
  readonly texts: Texts;
  address(path: string): string;
  /** The visitor goes on as nobody in particular. */
  anonymous(): void;
}

export class Widget {
  readonly host: HTMLElement;
  isOpen = false;
  private readonly wiring: Wiring;
  private readonly launcher: HTMLButtonElement;
  private readonly badge = h("span", { class: "badge", hidden: true });
  private readonly panel: HTMLElement;
  private readonly title = h("h2", { id: "title" });
  private readonly subtitle = h("p", { class: "subtitle" });
  private readonly face = h("span", { class: "face", "aria-hidden": "true" });
  private readonly banner = h("div", { class: "banner", role: "status", hidden: true });
  private readonly greeting = h("div", { class: "greeting" });
  private readonly earlier: HTMLButtonElement;
  private readonly scroller: HTMLElement;
  private readonly list: MessageList;
  private readonly composer: Composer;
  private readonly contact: ContactCard;
  private readonly announcer = h("div", { class: "hidden", role: "log", "aria-live": "polite" });
  private announcedSeq: number | null = null;
  private quietTimer: ReturnType<typeof setTimeout> | undefined;
  private isTroubled = false;
  private scope: string;

  constructor(wiring: Wiring) {
    const { chat, texts } = wiring;
    this.wiring = wiring;
    this.scope = chat.scope;
    this.launcher = h("button", { class: "launcher", type: "button", "aria-expanded": "false", onclick: () => this.toggle() },
      icon("chat"), this.badge);
    this.earlier = h("button", { class: "quiet earlier", type: "button", hidden: true, onclick: () => chat.earlier() }, texts.earlier);
    this.list = new MessageList(wiring.locale, texts, {
      retry: (id) => chat.retry(id),
      discard: (id) => chat.discard(id),
      address: wiring.address,
    });
    this.contact = new ContactCard(texts, (name, email) => this.introduce(name, email), () => this.contactDone());
    this.composer = new Composer(texts, wiring.store, {
      send: (text, attachments) => (chat.send(text, attachments), this.toEnd()),
      upload: (image, filename) => chat.upload(image, filename),
      type: (isTyping) => chat.type(isTyping),
      address: wiring.address,
      draftKey: () => `omnifil.${wiring.account}.draft.${chat.scope}`,
    });
    this.scroller = h("div", { class: "scroller", tabindex: 0, "aria-labelledby": "title", role: "region" },
      this.greeting, this.earlier, this.list.element, this.contact.element);
    const close = { class: "close", type: "button", "aria-label": texts.close, title: texts.close };
    this.panel = h("section", { class: "panel", role: "dialog", "aria-modal": "true", "aria-labelledby": "title", hidden: true },
      h("header", {}, this.face, h("div", { class: "titles" }, this.title, this.subtitle),
        h("button", { ...close, onclick: () => this.close() }, icon("down"))),
      this.banner, this.scroller, this.composer.element, h("div", { class: "drop", "aria-hidden": "true" }, texts.dropHere));
    this.contact.isDone = this.contactWasDone();
    this.host = this.mount();
    this.listen();
  }

  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.panel.hidden = false;
    this.wiring.chat.open();
    this.render();
    this.toEnd();
    this.composer.focus();
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.panel.hidden = true;
    this.render();
    this.launcher.focus();
  }

  /** Show the state as it is now. Cheap enough to be called for every change. */
  render(): void {
    const { chat, texts } = this.wiring;
    const state = chat.state;
    if (this.scope !== chat.scope) {
      this.scope = chat.scope;
      this.announcedSeq = null;
      this.composer.restore();
    }
    this.colours(state);
    this.head(state);
    this.trouble(state);
    const wasAtEnd = this.isAtEnd();
    this.greetingFor(state);
    this.earlier.hidden = !state.conversation.earlier;
    this.list.render(state);
    this.contact.element.hidden = !this.asksContact(state);
    if (wasAtEnd) this.toEnd();
    this.announce(state);
    if (this.isOpen && document.visibilityState === "visible") chat.seen();
    const unread = this.isOpen ? 0 : state.unread;
    this.badge.hidden = unread === 0;
    this.badge.textContent = unread > 9 ? "9+" : String(unread);
    this.launcher.setAttribute("aria-label", unread ? texts.openUnread(unread) : this.isOpen ? texts.close : texts.open);
    this.launcher.setAttribute("aria-expanded", String(this.isOpen));
    this.launcher.classList.toggle("open", this.isOpen);
  }

  private mount(): HTMLElement {
    const host = document.createElement("div");
    host.dataset.omnifilChat = this.wiring.account;
    // The site's rules for `div` end here.
    const own = { all: "initial", display: "block", position: "fixed", inset: "auto 0 0 auto", "z-index": "2147483000" };
    for (const [name, value] of Object.entries(own)) host.style.setProperty(name, value, "important");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    root.append(h("div", { class: "omnifil", lang: this.wiring.language }, this.panel, this.launcher, this.announcer));
    document.body.append(host);
    return host;
  }

  private listen(): void {
    // What is typed here is none of the site's keyboard shortcuts.
    for (const name of ["keydown", "keyup", "keypress"]) this.host.addEventListener(name, (event) => event.stopPropagation());
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
      if (event.key === "Tab") this.keepFocus(event);
    });
    this.panel.addEventListener("dragover", (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      this.panel.classList.add("dropping");
    });
    this.panel.addEventListener("dragleave", (event) => {
      if (!this.panel.contains(event.relatedTarget as Node | null)) this.panel.classList.remove("dropping");
    });
    this.panel.addEventListener("drop", (event) => {
      event.preventDefault();
      this.panel.classList.remove("dropping");
      this.composer.add(imagesIn(event.dataTransfer));
    });
    document.addEventListener("visibilitychange", () => this.render());
    // A telephone's keyboard covers the page: the panel keeps to what is left of it.
    const viewport = window.visualViewport;
    const fit = (): void => {
      this.panel.style.setProperty("--seen", `${viewport?.height ?? innerHeight}px`);
      this.panel.style.setProperty("--top", `${viewport?.offsetTop ?? 0}px`);
    };
    viewport?.addEventListener("resize", fit);
    viewport?.addEventListener("scroll", fit);
    fit();
  }

  private toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  private keepFocus(event: KeyboardEvent): void {
    const selector = "button, textarea, input, a[href], [tabindex='0']";
    const stops = [...this.panel.querySelectorAll<HTMLElement>(selector)].filter(
      (stop) => stop.offsetParent !== null && !stop.hasAttribute("disabled"),
    );
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    const focused = (this.host.shadowRoot as ShadowRoot).activeElement;
    if (focused !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
  }

  private colours(state: ChatState): void {
    const colour = state.settings?.colour;
    if (!colour) return;
    const own = this.host.shadowRoot?.firstElementChild as HTMLElement;
    own.style.setProperty("--accent", colour);
    own.style.setProperty("--on-accent", textOn(colour));
  }

  private head(state: ChatState): void {
    const { texts } = this.wiring;
    const company = state.settings?.title ?? "";
    const agent = agentName(state.conversation);
    const answers = state.settings?.answer_time_s;
    this.title.textContent = agent ?? (company || texts.open);
    const known = typeof answers === "number" ? texts.answers(answers) : "";
    this.subtitle.textContent = state.typing ? texts.typing(state.typing.name) : agent ? company : known;
    this.subtitle.hidden = this.subtitle.textContent === "";
    this.face.textContent = initials(agent ?? company);
  }

  /** Bad news is said after a moment: most lines are back before anybody had to know. */
  private trouble(state: ChatState): void {
    const { line } = state;
    const isDown = this.isOpen && (line.kind === "waiting" || line.kind === "connecting");
    if (!isDown) {
      clearTimeout(this.quietTimer);
      this.quietTimer = undefined;
      this.isTroubled = false;
    } else if (this.quietTimer === undefined) {
      this.quietTimer = setTimeout(() => ((this.isTroubled = true), this.render()), QUIET_MS);
    }
    this.banner.hidden = !(line.kind === "refused" || (isDown && this.isTroubled));
    const said = line.kind === "refused" ? line.code : "offline";
    if (this.banner.hidden || this.banner.dataset.said === said) return;
    this.banner.dataset.said = said;
    this.banner.replaceChildren(...(line.kind === "refused" ? this.refusal(line.code) : [this.wiring.texts.offline]));
  }

  private refusal(code: string): (Node | string)[] {
    const { texts } = this.wiring;
    const sentence = h("p", {}, texts.problems[code] ?? texts.problems["identity-token-invalid"]!);
    if (!code.startsWith("identity-token")) return [sentence];
    return [
      sentence,
      h("button", { class: "link", type: "button", onclick: () => location.reload() }, texts.reload),
      h("button", { class: "link", type: "button", onclick: () => this.wiring.anonymous() }, texts.anonymous),
    ];
  }

  private greetingFor(state: ChatState): void {
    const isEmpty = state.conversation.entries.length === 0 && state.outgoing.length === 0;
    this.greeting.hidden = !isEmpty;
    const name = state.visitor?.signed ? state.visitor.name : null;
    const said = this.wiring.texts.greeting(name);
    if (this.greeting.firstChild?.textContent === said) return;
    this.greeting.replaceChildren(h("p", { class: "hello" }, said), h("p", {}, this.wiring.texts.invitation));
  }

  private announce(state: ChatState): void {
    const last = lastSeq(state.conversation);
    if (this.announcedSeq === null) {
      if (state.line.kind === "live") this.announcedSeq = last;
      return;
    }
    for (const entry of state.conversation.entries) {
      if (entry.seq <= this.announcedSeq || entry.author !== "agent") continue;
      const { texts } = this.wiring;
      const what = entry.text || entry.attachments.map((file) => texts.image(file.filename)).join(", ");
      this.announcer.append(h("p", {}, texts.newMessage(entry.name ?? texts.somebody, what)));
    }
    while (this.announcer.childElementCount > 20) this.announcer.firstChild?.remove();
    this.announcedSeq = Math.max(this.announcedSeq, last);
  }

  private asksContact(state: ChatState): boolean {
    const isKnown = state.visitor === null || state.visitor.signed || state.visitor.has_email;
    if (state.line.kind !== "live") return !this.contact.element.hidden && !isKnown && !this.contact.isDone;
    const hasWritten = state.conversation.entries.some(({ author }) => author === "visitor");
    return !isKnown && !this.contact.isDone && hasWritten && (state.settings?.ask_contact ?? false);
  }

  private async introduce(name: string, email: string): Promise<void> {
    const { chat, texts } = this.wiring;
    const isCarried = await chat.introduce(name, email);
    if (!isCarried) chat.send(texts.myContact(name, email), []);
  }

  private contactDone(): void {
    try {
      this.wiring.store.setItem(`omnifil.${this.wiring.account}.asked`, "1");
    } catch {
      // Then it is asked once more after a reload.
    }
    this.render();
    this.composer.focus();
  }

  private contactWasDone(): boolean {
    try {
      return this.wiring.store.getItem(`omnifil.${this.wiring.account}.asked`) !== null;
    } catch {
      return false;
    }
  }

  private isAtEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < BOTTOM_PX;
  }

  private toEnd(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}
