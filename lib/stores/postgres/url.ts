import { distance } from 'fastest-levenshtein';
import { ConfigError } from '../../errors.js';
import type { PostgresTable } from './table.js';

/** Connections. First logins wait for bcrypt, and each takes a connection for a millisecond. */
const DEFAULT_MAX = 5;

/**
 * A `#`, and an `@` behind the host, are of a password that is not percent-encoded: the parser takes one for the end of
 * the URL, and in `postgres://user:12/34@host/db` the user's name for the host.
 */
const POSTGRES_URL = /^postgres(?:ql)?:\/\/[^\s/?#]*(?:[/?][^\s@#]*)?$/;

/** Whether it is `postgres://USER:PASSWORD@HOST/DATABASE`, of which any part may be absent. */
export function isPostgresUrl(text: string): boolean {
  return POSTGRES_URL.test(text) && URL.canParse(text);
}

/** Those that are ours, and how many letters of each may be wrong: pg has none that are so near. */
const PARAMETERS = { schema: 2, table: 2, max: 1 };

/** What a URL says besides what `pg` reads. */
export interface StoreUrl extends PostgresTable {
  readonly connectionString: string;
  /** How many connections a process makes at the most, besides the one that listens. */
  readonly max: number;
}

/**
 * Takes what is ours out of a URL: `?schema=`, `?table=` and `?max=`.
 *
 * @throws {ConfigError} it is no URL, or one of them is no good
 */
export function parseStoreUrl(text: string): StoreUrl {
  if (!isPostgresUrl(text)) {
    throw new ConfigError('a store in PostgreSQL is named as "postgres://USER:PASSWORD@HOST/DATABASE"');
  }
  const url = new URL(text);
  for (const parameter of url.searchParams.keys()) checkSpelling(parameter);
  const take = (parameter: string): string | undefined => {
    const value = url.searchParams.get(parameter) ?? undefined;
    if (value !== undefined) url.searchParams.delete(parameter);
    return value;
  };
  const schema = take('schema');
  const table = take('table');
  const max = take('max') ?? String(DEFAULT_MAX);
  if (!/^[1-9]\d{0,3}$/.test(max)) throw new ConfigError('postgres://…?max= must be an integer from 1 to 9999');
  return { connectionString: url.href, schema, table, max: Number(max) };
}

/** @throws {ConfigError} it is not one of ours, and was probably meant to be: pg would say nothing */
function checkSpelling(parameter: string): void {
  if (parameter in PARAMETERS) return;
  const meant = Object.entries(PARAMETERS).find(([ours, most]) => distance(parameter.toLowerCase(), ours) <= most);
  if (meant !== undefined) throw new ConfigError(`postgres://…?${parameter}= is not known: did you mean ${meant[0]}?`);
}
