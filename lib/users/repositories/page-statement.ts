import { compareNames } from '../name-order.js';
import type { Page } from './listing.js';

/** Comes after each name that begins with what stands before it: no name has this character. */
const LAST_CHARACTER = '\u{10ffff}';

/** A question in SQL. */
interface PageStatement {
  readonly text: string;
  /** In the order in which their parameters stand in the text. */
  readonly values: readonly (string | number)[];
}

/**
 * Asks for a page of users. An index of the names serves it, from the first row of the page on.
 *
 * @param columns those to read
 * @param table its name in SQL; the columns may call it `users`
 * @param parameter gives the parameter at a position, from 1: `$1` for PostgreSQL, `?` for SQLite
 */
export function pageStatement(
  columns: string,
  table: string,
  { prefix, after, offset, limit }: Page,
  parameter: (position: number) => string,
): PageStatement {
  const values: (string | number)[] = [];
  const conditions: string[] = [];
  const next = (value: string | number) => parameter(values.push(value));
  // One lower bound: of two SQLite may begin at the prefix, and read on to the name.
  if (after !== undefined && compareNames(after, prefix) >= 0) conditions.push(`name > ${next(after)}`);
  else if (prefix !== '') conditions.push(`name >= ${next(prefix)}`);
  if (prefix !== '') conditions.push(`name < ${next(prefix + LAST_CHARACTER)}`);
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const part = `LIMIT ${next(limit)} OFFSET ${next(offset)}`;
  return { text: `SELECT ${columns} FROM ${table} AS users ${where} ORDER BY name ${part}`, values };
}
