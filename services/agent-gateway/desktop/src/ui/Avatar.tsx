import styles from "./ui.module.css";

/** Initials on a colour of their own; the name stands beside it, so it is not read out. */
export function Avatar({ name, seed, size = 28 }: { name: string | null; seed: string; size?: number }) {
  let hash = 0;
  for (const sign of seed) hash = (hash * 31 + sign.codePointAt(0)!) % 360;
  const style = {
    width: size,
    height: size,
    fontSize: Math.round(size * 0.38),
    "--hue": `light-dark(hsl(${hash} 45% 32%), hsl(${hash} 60% 82%))`,
    "--hue-soft": `light-dark(hsl(${hash} 45% 91%), hsl(${hash} 28% 26%))`,
  };
  return (
    <span
      className={styles.avatar}
      style={style as React.CSSProperties}
      data-initials={initials(name)}
      aria-hidden="true"
    />
  );
}

function initials(name: string | null): string {
  const words = (name ?? "").split(/[\s@._-]+/).filter((word) => /\p{L}|\p{N}/u.test(word));
  const letters = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  return letters.map((word) => Array.from(word)[0]!.toUpperCase()).join("") || "?";
}
