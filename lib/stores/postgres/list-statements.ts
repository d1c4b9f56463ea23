import type { Page, Selection } from '../listing.js';
import { nameConditions } from '../sql.js';
import type { Statement } from './driver.js';
import type { TableNames } from './table-names.js';

/** The tables that lists read. */
type Tables = Pick<TableNames, 'users' | 'grants'>;

/**
 * Reads a page of users from an index of the names.
 *
 * @param columns of each user, in SQL, which call the table `users`
 */
export function pageStatement(columns: string, tables: Tables, page: Page): Statement {
  const { from, name, next, values } = rowsOf(page, tables, true);
  return { text: `SELECT ${columns} FROM ${from} ORDER BY ${name} ${limitOf(page, next)}`, values };
}

/** Reads only the names of a page of users, from indexes alone where it can. */
export function namesStatement(tables: Tables, page: Page): Statement {
  const { from, name, next, values } = rowsOf(page, tables);
  return { text: `SELECT ${name} AS name FROM ${from} ORDER BY ${name} ${limitOf(page, next)}`, values };
}

/** Counts users, as `count`. */
export function countStatement(tables: Tables, selection: Selection): Statement {
  const { from, values } = rowsOf({ ...selection, after: undefined }, tables);
  return { text: `SELECT count(*) AS count FROM ${from}`, values };
}

function limitOf({ limit, offset }: Page, next: (value: number) => string): string {
  return `LIMIT ${next(limit)} OFFSET ${next(offset)}`;
}

interface SelectedRows {
  /** The tables and the conditions. */
  readonly from: string;
  /** The column of the names. */
  readonly name: string;
  /** Adds a value, and returns its placeholder. */
  readonly next: (value: string | number) => string;
  readonly values: (string | number)[];
}

/** @param needsUsers whether the names alone are not enough */
function rowsOf(page: Selection & Pick<Page, 'after'>, tables: Tables, needsUsers = false): SelectedRows {
  const { type, enabled, permission } = page;
  const values: (string | number)[] = [];
  const next = (value: string | number) => `$${values.push(value)}`;
  const conditions: string[] = [];
  let [source, names] = [`${tables.users} AS users`, ['users.name']];
  if (permission !== undefined) {
    conditions.push(`granted.permission = ${next(permission)}`);
    const isJoined = needsUsers || type !== undefined || enabled !== undefined;
    if (isJoined) conditions.push('users.name = granted.name');
    source = `${tables.grants} AS granted${isJoined ? ` CROSS JOIN ${source}` : ''}`;
    // PostgreSQL does not conclude one from the other: a merge of both indexes would begin at the first user.
    names = ['granted.name', ...(isJoined ? names : [])];
  }
  conditions.push(...nameConditions(page, next, names));
  // Not as a value: an index of some users serves only statements that name them.
  if (type !== undefined) conditions.push(type === 'admin' ? `type = 'admin'` : `type = 'normal'`);
  if (enabled !== undefined) conditions.push(enabled ? 'enabled' : 'NOT enabled');
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  return { from: source + where, name: names[0] as string, next, values };
}
