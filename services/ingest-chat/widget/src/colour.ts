// Text on the account's colour must be readable, whatever colour that is. WCAG 2.2, relative luminance and contrast.

function channel(value: number): number {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

export function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => channel(parseInt(hex.slice(at, at + 2), 16)));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

export function contrast(one: string, other: string): number {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter! + 0.05) / (darker! + 0.05);
}

/** White where it can be read, near-black elsewhere. */
export function textOn(background: string): string {
  return contrast(background, "#ffffff") >= 4.5 ? "#ffffff" : "#10151c";
}
