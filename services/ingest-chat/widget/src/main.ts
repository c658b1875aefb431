// <script src="…/widget.js" data-account="shop" data-identity-token="…" data-lang="fr" async></script>

import { Chat, type Surroundings } from "./chat.ts";
import type { Socket } from "./line.ts";
import type { Store } from "./outbox.ts";
import { Service } from "./service.ts";
import { language, locale, texts } from "./texts.ts";
import { Widget } from "./view/widget.ts";

export interface OmnifilChat {
  open(): void;
  close(): void;
  /** For sites that do not load a page anew when somebody signs in: a token signed for who is signed in now. */
  identify(identityToken: string): void;
  signOut(): void;
}

declare global {
  interface Window {
    OmnifilChat?: OmnifilChat;
  }
}

/** Where the browser forbids to keep anything: the chat works, only a reload forgets. */
function memoryStore(): Store {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    key: (index) => [...kept.keys()][index] ?? null,
    get length() {
      return kept.size;
    },
  };
}

function storeOf(kind: "localStorage" | "sessionStorage"): Store {
  try {
    const store = window[kind];
    store.setItem("omnifil.probe", "1");
    store.removeItem("omnifil.probe");
    return store;
  } catch {
    return memoryStore();
  }
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function begin(script: HTMLScriptElement): void {
  const { account, identityToken, lang } = script.dataset;
  if (!account) return console.error("Omnifil chat: the script tag needs data-account.");
  const store = storeOf("localStorage");
  const visit = storeOf("sessionStorage");
  const service = new Service(new URL(script.src).origin, account);
  const spoken = language(lang, document.documentElement.lang, navigator.language);
  const around: Surroundings = {
    account,
    language: lang ?? (document.documentElement.lang || navigator.language),
    store,
    service,
    connect: () => new WebSocket(service.socketUrl) as unknown as Socket,
    later: (run, delay_ms) => setTimeout(run, delay_ms),
    cancel: (timer) => clearTimeout(timer as number),
    random: Math.random,
    now: Date.now,
    newId,
  };
  let widget: Widget | undefined;
  const chat = new Chat(around, identityToken || null, () => widget?.render());
  const address = (path: string): string => service.address(path);
  const anonymous = (): void => (chat.identify(null), chat.open());
  const times = locale(spoken, lang, document.documentElement.lang, ...navigator.languages);
  widget = new Widget({ chat, store, account, language: spoken, locale: times, texts: texts[spoken], address, anonymous });
  widget.render();

  addEventListener("online", () => chat.nudge());
  addEventListener("offline", () => chat.offline());
  addEventListener("storage", (event) => chat.storeChanged(event.key));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && chat.nudge());
  // On a shop's next page the panel is as it was left; on a telephone it would cover the page.
  const openKey = `omnifil.${account}.open`;
  addEventListener("pagehide", () => visit.setItem(openKey, widget?.isOpen ? "1" : ""));
  void chat.begin();
  if (visit.getItem(openKey) && innerWidth > 480) widget.open();

  window.OmnifilChat = {
    open: () => widget?.open(),
    close: () => widget?.close(),
    identify: (token) => (chat.identify(token), widget?.isOpen && chat.open()),
    signOut: () => (chat.identify(null), widget?.isOpen && chat.open()),
  };
}

// Loaded as a module, or by a tag manager, a script does not know its own tag.
const script = (document.currentScript ??
  document.querySelector('script[data-account][src*="/widget.js"]')) as HTMLScriptElement | null;
if (script && !window.OmnifilChat) {
  if (document.body) begin(script);
  else addEventListener("DOMContentLoaded", () => begin(script));
}
