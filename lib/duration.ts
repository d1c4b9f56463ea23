/** Go's units of time and the day, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5, the micro sign
  μs: 1e-3, // U+03BC, the Greek letter
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const PART = String.raw`(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)`;
const PERIOD = new RegExp(String.raw`^\+?(?:${PART})+$`);

/** Milliseconds. Go's longest duration, 2^63 - 1 nanoseconds: 292 years. */
export const LONGEST = 9_223_372_036_854;

/**
 * Reads a duration as Go writes it: `10m`, `1h30m`, `1.5s`, `500ms`, `0`.
 *
 * @returns milliseconds; undefined for any other text, and for a negative duration
 */
export function parseDuration(text: string): number | undefined {
  return text.includes('d') ? undefined : parsePeriod(text);
}

/**
 * Reads a duration as {@link parseDuration} does, and with days as well: `90d`, `1d12h`.
 *
 * @returns milliseconds; undefined for any other text, and for a negative duration
 */
export function parsePeriod(text: string): number | undefined {
  if (text === '0') return 0;
  if (!PERIOD.test(text)) return undefined;
  let milliseconds = 0;
  for (const [, number, unit] of text.matchAll(new RegExp(PART, 'g'))) {
    milliseconds += Number(number) * (UNITS[unit as string] as number);
  }
  return milliseconds <= LONGEST ? milliseconds : undefined;
}

/**
 * Writes a duration as Go reads it, without the units that are zero: `1h30m`, `1.5s`, `500ms`, `0s`.
 *
 * @param milliseconds 0 or more
 */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  if (milliseconds < 1e-3) return `${decimal(milliseconds * 1e6, 0)}ns`;
  if (milliseconds < 1) return `${decimal(milliseconds * 1e3, 3)}µs`;
  if (milliseconds < 1_000) return `${decimal(milliseconds, 6)}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000);
  const seconds = decimal((milliseconds % 60_000) / 1_000, 9);
  return [hours && `${hours}h`, minutes && `${minutes}m`, seconds !== '0' && `${seconds}s`].filter(Boolean).join('');
}

/** Without an exponent, and without zeros at the end. */
function decimal(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return digits === 0 ? text : text.replace(/\.?0+$/, '');
}
