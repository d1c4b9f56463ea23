import { median } from './process.js';

/** A figure of several rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export type Value = number | string | Spread;

/**
 * A row of a table. Its first value is its label, and the names of the others are the titles of their columns.
 *
 * `node` has no column: it is the version of Node.js that the row was measured on, if that is not the one that runs the bench.
 */
export type Row = Readonly<Record<string, Value>>;

/** The rows of each table of a measure. */
export type Tables = Readonly<Record<string, readonly Row[]>>;

export type Format = (value: number) => string;

export interface TableForm {
  /** Stands above the table. */
  readonly caption?: string;
  /** The columns that are shown, in this order. */
  readonly columns: Readonly<Record<string, Format>>;
}

/** A bar for each row, for each of the columns, and for each version of Node.js if there is only one column. */
export interface ChartForm {
  readonly title: string;
  /** Says what the chart shows, for readers who do not see it. */
  readonly description: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** The length of a bar. Defaults to the value itself. */
  readonly length?: (value: number) => number;
  /** The text beside a bar. */
  readonly format: Format;
}

export interface Measure {
  /** One sentence for the list of all measures. */
  readonly about: string;
  /** More rounds than these take long and tell no more. */
  readonly mostRounds?: number;
  readonly measure: (rounds: number) => Promise<Tables>;
  readonly tables: Readonly<Record<string, TableForm>>;
  readonly chart?: ChartForm;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

export const whole: Format = (value) => Math.round(value).toLocaleString('en-US');

/** @param wholeFrom numbers from here on have no decimals */
export function decimals(count: number, wholeFrom = Number.POSITIVE_INFINITY): Format {
  return (value) => (Math.abs(value) < wholeFrom ? value.toFixed(count).replace(/^-(?=[0.]+$)/, '') : whole(value));
}

/** Two decimals, and one significant digit of less than a hundredth. */
export const ratio: Format = (value) => (value < 0.01 ? value.toPrecision(1) : value.toFixed(2));
