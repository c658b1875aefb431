// Asks who writes, once, after the first message, only if the site does not know, and never insists.

import { Refused } from "../line.ts";
import type { Texts } from "../texts.ts";
import { h } from "./dom.ts";

export class ContactCard {
  readonly element: HTMLElement;
  isDone = false;

  constructor(texts: Texts, save: (name: string, email: string) => Promise<void>, done: () => void) {
    const name = h("input", { name: "name", autocomplete: "name", maxlength: 100 });
    const email = h("input", { name: "email", type: "email", autocomplete: "email", maxlength: 254 });
    const problem = h("p", { class: "problem", role: "alert" });
    const finish = (): void => ((this.isDone = true), done());
    const submit = async (): Promise<void> => {
      problem.textContent = "";
      if (!name.value.trim() && !email.value.trim()) return email.focus();
      if (!email.checkValidity()) return (problem.textContent = texts.invalidEmail), email.focus();
      try {
        await save(name.value.trim(), email.value.trim());
        finish();
      } catch (error) {
        const isAddress = error instanceof Refused && error.code === "invalid-email";
        problem.textContent = isAddress ? texts.invalidEmail : texts.contactFailed;
      }
    };
    const field = (label: string, input: HTMLElement): HTMLElement =>
      h("label", {}, label, input);
    this.element = h(
      "form",
      { class: "contact", novalidate: true, onsubmit: (event) => (event.preventDefault(), void submit()) },
      h("p", { class: "title" }, texts.contactTitle),
      h("p", { class: "why" }, texts.contactWhy),
      field(texts.name, name),
      field(texts.email, email),
      problem,
      h(
        "div",
        { class: "buttons" },
        h("button", { class: "primary", type: "submit" }, texts.save),
        h("button", { class: "quiet", type: "button", onclick: finish }, texts.notNow),
      ),
    );
  }
}
