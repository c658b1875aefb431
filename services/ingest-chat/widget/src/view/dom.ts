// Elements without markup: text is always a text node, so nothing that anybody wrote is ever read as HTML.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | EventListener | undefined>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

const PATHS = {
  chat: "M20 11.5c0 4.1-3.8 7.5-8.5 7.5-1.2 0-2.4-.2-3.4-.6L4 19.5l1.2-3.3C4.4 14.9 4 13.3 4 11.5 4 7.4 7.6 4 12 4s8 3.4 8 7.5Z",
  close: "M6 6l12 12M18 6L6 18",
  down: "M6 9.5l6 6 6-6",
  send: "M12 19V6M6 11.5L12 5.5l6 6",
  image:
    "M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1ZM4.5 16.5l4.5-4.5 4 4 2.5-2.5 4 4M15.5 9.5h.01",
  clock: "M12 7.5V12l3 2M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  checks: "M2.5 12.5l4.5 4.5L16 8M12 16l1 1 9-9",
  warn: "M12 8v5M12 16.4h.01M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Z",
} as const;

export function icon(name: keyof typeof PATHS): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const attributes = { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" };
  for (const [attribute, value] of Object.entries(attributes)) svg.setAttribute(attribute, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

const LINK = /\bhttps?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]]/g;

/** A text with its web addresses as links; only http and https, and the site learns nothing of where they lead. */
export function linked(text: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const { 0: address, index } of text.matchAll(LINK)) {
    parts.push(text.slice(at, index));
    parts.push(h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, address));
    at = index + address.length;
  }
  return [...parts, text.slice(at)];
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? "")][0] ?? "").join("").toUpperCase();
}

/** Replace an element's children only where they differ: what stays keeps focus, selection and scroll. */
export function arrange(parent: Element, wanted: readonly Element[]): void {
  const kept = new Set(wanted);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  wanted.forEach((child, index) => {
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}
