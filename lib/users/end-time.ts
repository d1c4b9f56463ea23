import { parsePeriod } from '../duration.js';
import { describeValue } from '../safe-text.js';

/** RFC 3339, section 5.6. */
const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
/** Milliseconds: the year 10000, which RFC 3339 cannot write. */
const END_OF_TIME = Date.UTC(9999, 11, 31, 23, 59, 59);

/**
 * Reads when a user or a key ends: a time (RFC 3339, or a date), or a duration from now on.
 *
 * @param now milliseconds since 1970
 * @param InvalidError the class of the error
 * @returns milliseconds since 1970; undefined for undefined
 */
export function readEnd(given: unknown, now: number, InvalidError: new (message: string) => Error): number | undefined {
  if (given === undefined) return undefined;
  const end = endOf(given, now);
  if (end === undefined) {
    throw new InvalidError(
      `expires must be a duration such as "90d" or "12h", or a time such as "2027-01-31T00:00:00Z", not ${describeValue(given)}`,
    );
  }
  if (end > END_OF_TIME)
    throw new InvalidError('expires must be before the year 10000: leave it out if there is no end');
  return end;
}

/** Refuses an end (milliseconds since 1970) that is not in the future. */
export function requireFuture(
  end: number | undefined,
  now: number,
  InvalidError: new (message: string) => Error,
): void {
  if (end !== undefined && end <= now) throw new InvalidError('expires must be in the future');
}

/** Milliseconds since 1970. */
function endOf(given: unknown, now: number): number | undefined {
  if (given instanceof Date) return Number.isNaN(given.getTime()) ? undefined : given.getTime();
  if (typeof given !== 'string') return undefined;
  const period = parsePeriod(given);
  return period === undefined ? parseTime(given) : Math.floor(now + period);
}

/** Reads a time as RFC 3339 writes it. Undefined for any other text, such as one with a day that the month does not have. */
export function parseTime(text: string): number | undefined {
  const [, year, month, day] = TIME.exec(text) ?? [];
  if (year === undefined) return undefined;
  // Date.parse takes the 30th of February for the 2nd of March.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const time = Date.parse(text.replace(' ', 'T').toUpperCase());
  return date.getUTCDate() === Number(day) && !Number.isNaN(time) ? time : undefined;
}
