import type { Page, Selection } from '../listing.js';
import { nameConditions } from '../sql.js';
import type { Statement } from './connection.js';

/** Adds a value to a statement, and returns its placeholder. */
type Next = (value: string | number) => string;

/** An index of some users in the order of their names. */
export interface NameIndex {
  readonly from: string;
  /** The condition that all users in it fulfil. */
  readonly where?: (next: Next) => string;
  /** Whether it has few users of many. */
  readonly isSmall: boolean;
}

export const EVERYBODY: NameIndex = { from: 'users', isSmall: false };
const ADMINS: NameIndex = { from: 'users INDEXED BY users_admins', where: () => `type = 'admin'`, isSmall: true };
const DISABLED: NameIndex = { from: 'users INDEXED BY users_disabled', where: () => 'NOT enabled', isSmall: true };

/** An index that has all users that are selected. */
export function indexOf({ type, enabled }: Selection): NameIndex {
  if (type === 'admin') return ADMINS;
  return enabled === false ? DISABLED : EVERYBODY;
}

/** Whether every user in an index is selected. */
export function isWholeIndex(index: NameIndex, { type, enabled, permission }: Selection): boolean {
  const conditions = [type, enabled, permission].filter((condition) => condition !== undefined).length;
  return conditions === (index.isSmall ? 1 : 0);
}

/** The users with one list of permissions. */
export function withList(list: string): NameIndex {
  return { from: 'users INDEXED BY users_permissions', where: (next) => hasList(next(list)), isSmall: false };
}

const hasList = (list: string) => `permissions = ${list} AND permissions <> ''`;

type Names = Pick<Page, 'prefix' | 'after' | 'limit'>;

/** A page of an index. */
export function pageOf(columns: string, index: NameIndex, page: Names & Pick<Page, 'offset'>): Statement {
  return statement(
    (next) => `SELECT ${columns} FROM ${index.from} ${where(index.where?.(next), ...nameConditions(page, next))}
      ORDER BY name LIMIT ${next(page.limit)} OFFSET ${next(page.offset)}`,
  );
}

/** Counts the next users of an index, as `count`, and returns the last of their names. */
export function countOf(index: NameIndex, names: Names): Statement {
  const { text, values } = pageOf('name', index, { ...names, offset: 0 });
  return { text: `SELECT count(*) AS count, max(name) AS last FROM (${text})`, values };
}

/** The different lists of permissions that contain a permission. */
export function listsWith(permission: string, after: string, limit: number): Statement {
  return {
    text: 'SELECT list FROM permission_lists WHERE permission = $1 AND list > $2 ORDER BY list LIMIT $3',
    values: [permission, after, limit],
  };
}

/** Merges the next users with these lists of permissions into the next users with other lists. */
export function mergedNames(lists: readonly string[], known: readonly string[], names: Names): Statement {
  return statement((next) => {
    const limit = next(names.limit);
    const last = known.length < names.limit ? undefined : `name < ${next(known.at(-1) as string)}`;
    const conditions = where(hasList('lists.value'), last, ...nameConditions(names, next));
    return `SELECT value AS name FROM json_each(${next(JSON.stringify(known))}) UNION
      SELECT found.value FROM json_each(${next(JSON.stringify(lists))}) AS lists, json_each((SELECT json_group_array(name)
        FROM (SELECT name FROM users INDEXED BY users_permissions ${conditions} ORDER BY name LIMIT ${limit}))) AS found
      ORDER BY name LIMIT ${limit}`;
  });
}

/** The users with these names who are selected. Some may have been removed in the meantime. */
export function named(columns: string, names: readonly string[], selection: Omit<Selection, 'prefix'>): Statement {
  return statement((next) => {
    const given = `name IN (SELECT value FROM json_each(${next(JSON.stringify(names))}))`;
    return `SELECT ${columns} FROM users ${where(given, ...conditionsOf(selection, next))} ORDER BY name`;
  });
}

function conditionsOf({ type, enabled, permission }: Omit<Selection, 'prefix'>, next: Next): (string | undefined)[] {
  return [
    type && `type = ${next(type)}`,
    enabled === undefined ? undefined : `${enabled ? '' : 'NOT '}enabled`,
    permission === undefined
      ? undefined
      : `EXISTS (SELECT 1 FROM permission_lists WHERE permission = ${next(permission)} AND list = users.permissions)`,
  ];
}

function where(...conditions: readonly (string | undefined)[]): string {
  const given = conditions.filter((condition) => condition !== undefined);
  return given.length > 0 ? `WHERE ${given.join(' AND ')}` : '';
}

function statement(text: (next: Next) => string): Statement {
  const values: (string | number)[] = [];
  return { text: text((value) => `$${values.push(value)}`), values };
}
