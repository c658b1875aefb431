import styles from "./ui.module.css";

const isApple = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");
const SIGNS: Record<string, string> = {
  mod: isApple ? "⌘" : "Ctrl",
  shift: "⇧",
  alt: isApple ? "⌥" : "Alt",
  Enter: "⏎",
  Backspace: "⌫",
  Escape: "Esc",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/** Keys as people know them: `mod+k` is ⌘K or Ctrl K; `g m` is one after the other. */
export function Keys({ keys }: { keys: string }) {
  const parts = keys.split(/[+ ]/).map((key) => SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key));
  return (
    <span className={styles.kbd} aria-hidden="true">
      {parts.map((part, index) => (
        <kbd key={index}>{part}</kbd>
      ))}
    </span>
  );
}
