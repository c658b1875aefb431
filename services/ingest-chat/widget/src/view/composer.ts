// Where the visitor writes: a box that grows, images by button, drop or paste, and a draft that survives a reload.

import { imagesIn, prepared } from "../images.ts";
import { Refused } from "../line.ts";
import type { Store } from "../outbox.ts";
import type { Upload } from "../protocol.ts";
import type { Texts } from "../texts.ts";
import { h, icon } from "./dom.ts";

export interface Actions {
  send(text: string, attachments: Upload[]): void;
  upload(image: Blob, filename: string): Promise<Upload>;
  type(isTyping: boolean): void;
  address(path: string): string;
  draftKey(): string;
}

interface Picture {
  readonly file: File;
  readonly node: HTMLElement;
  upload: Upload | null;
  problem: string | null;
}

const MOST_IMAGES = 5;
const STOPPED_TYPING_MS = 4_000;

export class Composer {
  readonly element: HTMLElement;
  private readonly texts: Texts;
  private readonly actions: Actions;
  private readonly store: Store;
  private readonly box: HTMLTextAreaElement;
  private readonly sendButton: HTMLButtonElement;
  private readonly tray: HTMLElement;
  private pictures: Picture[] = [];
  private typingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(texts: Texts, store: Store, actions: Actions) {
    this.texts = texts;
    this.store = store;
    this.actions = actions;
    this.box = h("textarea", { rows: 1, placeholder: texts.placeholder, "aria-label": texts.placeholder, maxlength: 5000 });
    this.sendButton = h("button", { class: "send", type: "submit", "aria-label": texts.send, title: texts.send }, icon("send"));
    this.tray = h("div", { class: "tray", hidden: true });
    const chooser = h("input", { type: "file", accept: "image/jpeg,image/png,image/gif,image/webp", multiple: true, hidden: true });
    chooser.addEventListener("change", () => (this.add([...(chooser.files ?? [])]), (chooser.value = "")));
    const attach = { class: "attach", type: "button", "aria-label": texts.attach, title: texts.attach };
    this.element = h(
      "form",
      { class: "composer", onsubmit: (event) => (event.preventDefault(), this.send()) },
      this.tray,
      h("div", { class: "row" },
        h("button", { ...attach, onclick: () => chooser.click() }, icon("image")), chooser, this.box, this.sendButton),
    );
    this.box.addEventListener("input", () => this.written());
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    this.box.addEventListener("paste", (event) => {
      const images = imagesIn(event.clipboardData);
      if (images.length > 0) (event.preventDefault(), this.add(images));
    });
    this.restore();
  }

  focus(): void {
    this.box.focus();
  }

  /** The draft of whoever this is for now. */
  restore(): void {
    this.box.value = stored(this.store, this.actions.draftKey());
    for (const picture of [...this.pictures]) this.remove(picture);
    this.fit();
  }

  add(files: readonly File[]): void {
    for (const file of files.slice(0, MOST_IMAGES - this.pictures.length)) {
      const preview = h("img", { src: URL.createObjectURL(file), alt: this.texts.image(file.name) });
      const picture: Picture = { file, node: h("div", { class: "thumb busy" }, preview), upload: null, problem: null };
      const label = { class: "remove", type: "button", "aria-label": this.texts.removeImage, title: this.texts.removeImage };
      picture.node.append(h("button", { ...label, onclick: () => this.remove(picture) }, icon("close")));
      this.pictures.push(picture);
      this.tray.append(picture.node);
      void this.upload(picture);
    }
    this.fit();
  }

  private async upload(picture: Picture): Promise<void> {
    picture.problem = null;
    picture.node.className = "thumb busy";
    picture.node.querySelector(".again")?.remove();
    try {
      picture.upload = await this.actions.upload(await prepared(picture.file), picture.file.name);
      picture.node.className = "thumb";
    } catch (error) {
      const code = error instanceof Refused ? error.code : "upload";
      picture.problem = this.texts.problems[code] ?? this.texts.problems.upload!;
      picture.node.className = "thumb failed";
      const label = { class: "again", type: "button", title: picture.problem, "aria-label": `${picture.problem} ${this.texts.retry}` };
      picture.node.append(h("button", { ...label, onclick: () => void this.upload(picture) }, this.texts.retry));
    }
    this.fit();
  }

  private remove(picture: Picture): void {
    this.pictures = this.pictures.filter((each) => each !== picture);
    const preview = picture.node.querySelector("img");
    if (preview) URL.revokeObjectURL(preview.src);
    picture.node.remove();
    this.fit();
    this.box.focus();
  }

  private send(): void {
    if (!this.isReady()) return;
    const uploads = this.pictures.flatMap(({ upload }) => upload ?? []);
    this.actions.send(this.box.value.trim(), uploads);
    this.box.value = "";
    for (const picture of [...this.pictures]) this.remove(picture);
    clearTimeout(this.typingTimer);
    this.written();
  }

  private isReady(): boolean {
    const allUploaded = this.pictures.every(({ upload }) => upload !== null);
    return allUploaded && (this.box.value.trim() !== "" || this.pictures.length > 0);
  }

  private written(): void {
    this.fit();
    keep(this.store, this.actions.draftKey(), this.box.value);
    clearTimeout(this.typingTimer);
    this.actions.type(this.box.value !== "");
    if (this.box.value) this.typingTimer = setTimeout(() => this.actions.type(false), STOPPED_TYPING_MS);
  }

  private fit(): void {
    this.box.style.height = "auto";
    if (this.box.value) this.box.style.height = `${this.box.scrollHeight}px`;
    this.tray.hidden = this.pictures.length === 0;
    this.sendButton.disabled = !this.isReady();
    const problem = this.pictures.find((picture) => picture.problem !== null)?.problem;
    this.tray.dataset.problem = problem ?? "";
  }
}

function stored(store: Store, key: string): string {
  try {
    return store.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function keep(store: Store, key: string, draft: string): void {
  try {
    if (draft) store.setItem(key, draft);
    else store.removeItem(key);
  } catch {
    return;
  }
}
