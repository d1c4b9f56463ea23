import type { JSX } from 'preact';

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

const WEEK = 7 * 86_400;

interface TimeProps {
  /** RFC 3339. */
  readonly at: string;
  /** Whether a time within a week is shown as `3 days ago`. Defaults to false. */
  readonly isRelative?: boolean;
}

/** A time in the zone and the language of the reader. */
export function Time({ at, isRelative = false }: TimeProps): JSX.Element {
  const date = new Date(at);
  return (
    <time dateTime={at} title={EXACT.format(date)}>
      {isRelative ? relative(date) : FULL.format(date)}
    </time>
  );
}

/** A time for a sentence. */
export function timeText(at: string | Date): string {
  return FULL.format(new Date(at));
}

/** `in 48 seconds` */
export function waitText(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds >= 2 * each) ?? (['second', 1] as const);
  return RELATIVE.format(Math.ceil(seconds / length), unit);
}

function relative(date: Date): string {
  const seconds = (date.getTime() - Date.now()) / 1000;
  if (Math.abs(seconds) > WEEK) return FULL.format(date);
  const [unit, length] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? (['second', 1] as const);
  return RELATIVE.format(Math.trunc(seconds / length), unit);
}
