/** Instants are RFC 3339 strings in UTC with up to microseconds, which `Date` cannot hold and text order cannot sort. */
export function compareInstants(a: string, b: string): number {
  const whole = Math.floor(Date.parse(a) / 1000) - Math.floor(Date.parse(b) / 1000);
  return whole !== 0 ? whole : fraction(a) - fraction(b);
}

export function laterOf(a: string | null, b: string): string {
  return a !== null && compareInstants(a, b) >= 0 ? a : b;
}

function fraction(instant: string): number {
  const digits = /\.(\d+)/.exec(instant)?.[1] ?? "";
  return Number(digits.padEnd(9, "0").slice(0, 9));
}
