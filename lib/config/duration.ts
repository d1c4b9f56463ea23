/** Milliseconds of Go's units of time, which Kapacitor's config file is written in. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5, the micro sign
  μs: 1e-3, // U+03BC, the Greek letter
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const PART = String.raw`(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)`;
const DURATION = new RegExp(String.raw`^\+?(?:${PART})+$`);

/** Milliseconds of the longest duration that Go has, 2^63 - 1 nanoseconds: 292 years. */
export const LONGEST = 9_223_372_036_854;

/**
 * Reads a duration as Go writes it: `10m`, `1h30m`, `1.5s`, `500ms`, `0`.
 *
 * @returns milliseconds, or undefined if it is none (a negative one is none here)
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!DURATION.test(text)) return undefined;
  let milliseconds = 0;
  for (const [, number, unit] of text.matchAll(new RegExp(PART, 'g'))) {
    milliseconds += Number(number) * (UNITS[unit as string] as number);
  }
  return milliseconds <= LONGEST ? milliseconds : undefined;
}
