import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from "react";
import { preferences } from "./preferences";

/** Something an agent can do by key, from the palette, or both. */
export interface AppCommand {
  id: string;
  title: string;
  group: "go" | "dossier" | "write" | "app";
  /** `r`, `mod+k`, `g m` (one after the other), `Shift+J`. */
  keys?: string;
  run: () => void;
  /** Also while a text field has the focus. */
  inFields?: boolean;
  /** Not in the palette: keys that only make sense where one looks. */
  hidden?: boolean;
}

const SEQUENCE_MS = 1200;

export class Commands {
  private readonly registered = new Map<string, { current: AppCommand }>();
  private readonly listeners = new Set<() => void>();
  private list: AppCommand[] = [];
  private prefix: { key: string; at: number } | null = null;

  register(id: string, command: { current: AppCommand }): () => void {
    this.registered.set(id, command);
    this.changed();
    return () => {
      if (this.registered.get(id) === command) this.registered.delete(id);
      this.changed();
    };
  }

  all = (): AppCommand[] => this.list;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  refresh(): AppCommand[] {
    return [...this.registered.values()].map((command) => command.current);
  }

  handle = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const key = spelled(event);
    if (key === null) return;
    const inField = isField(event.target);
    const overlaid = document.querySelector("[role=dialog],[role=menu],[role=alertdialog]") !== null;
    const prefix = this.prefix !== null && Date.now() - this.prefix.at < SEQUENCE_MS ? `${this.prefix.key} ` : "";
    this.prefix = null;
    const single = !key.includes("mod+");
    if (single && (inField || overlaid || !preferences().singleKeys)) return;
    const commands = this.refresh();
    const found = commands.find((each) => each.keys === prefix + key) ?? commands.find((each) => each.keys === key);
    if (found !== undefined && (!inField || found.inFields)) {
      if (overlaid && single) return;
      event.preventDefault();
      found.run();
    } else if (single && commands.some((each) => each.keys?.startsWith(`${key} `))) {
      this.prefix = { key, at: Date.now() };
    }
  };

  private changed(): void {
    this.list = this.refresh();
    for (const listener of this.listeners) listener();
  }
}

function spelled(event: KeyboardEvent): string | null {
  if (["Shift", "Control", "Meta", "Alt", "AltGraph"].includes(event.key)) return null;
  if (event.altKey && !event.getModifierState("AltGraph")) return null;
  const mod = event.metaKey || event.ctrlKey;
  const key = event.key.length === 1 && mod ? event.key.toLowerCase() : event.key;
  const shift = event.shiftKey && (key.length > 1 || /^[A-Z]$/.test(key));
  return `${mod ? "mod+" : ""}${shift ? "Shift+" : ""}${key}`;
}

function isField(target: EventTarget | null): boolean {
  // A switch takes no letters: the keys work on while it has the focus.
  const fields = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]";
  return target instanceof HTMLElement && target.matches(fields);
}

export const CommandsContext = createContext<Commands>(new Commands());

/** Offers a command as long as the component is there and `when` holds. */
export function useCommand(command: AppCommand, when = true): void {
  const commands = useContext(CommandsContext);
  const current = useRef(command);
  useEffect(() => {
    current.current = command;
  });
  useEffect(
    () => (when ? commands.register(command.id, current) : undefined),
    [commands, command.id, command.title, when],
  );
}

export function useCommands(): AppCommand[] {
  const commands = useContext(CommandsContext);
  return useSyncExternalStore(commands.subscribe, commands.all);
}
