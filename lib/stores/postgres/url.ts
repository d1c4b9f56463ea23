import { distance } from 'fastest-levenshtein';
import { ConfigError } from '../../errors.js';
import type { PostgresTable } from './table-names.js';

/** Connections of the pool. A login holds one for about a millisecond and then waits for bcrypt. */
const DEFAULT_MAX = 5;

/**
 * A `#`, or an `@` after the host, belongs to a password that is not percent-encoded. The URL parser ends the authority
 * there: in `postgres://user:12/34@host/db` it takes the user name for the host.
 */
const POSTGRES_URL = /^postgres(?:ql)?:\/\/[^\s/?#]*(?:[/?][^\s@#]*)?$/;

/** The URL's parameters that `pg` does not read, and the number of letters that a misspelling may have wrong. */
const PARAMETERS = { schema: 2, table: 2, max: 1 };

/** The parts of a store's URL. */
export interface StoreUrl extends PostgresTable {
  /** The URL for `pg`, without `schema`, `table` and `max`. */
  readonly connectionString: string;
  /** The most connections of a process, besides the one that listens for changes. */
  readonly max: number;
}

/** Tells whether the text has the form `postgres://USER:PASSWORD@HOST/DATABASE`, of which each part may be absent. */
export function isPostgresUrl(text: string): boolean {
  return POSTGRES_URL.test(text) && URL.canParse(text);
}

/**
 * Separates `?schema=`, `?table=` and `?max=` from the rest of a URL, which is for `pg`.
 *
 * @throws {ConfigError} it is not a `postgres://` URL, `max` is not an integer from 1 to 9999, or a parameter is
 *   misspelt
 */
export function parseStoreUrl(text: string): StoreUrl {
  if (!isPostgresUrl(text)) {
    throw new ConfigError('the URL of a store in PostgreSQL is "postgres://USER:PASSWORD@HOST/DATABASE"');
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

/** @throws {ConfigError} the parameter is a misspelling of one of ours, which `pg` would ignore */
function checkSpelling(parameter: string): void {
  if (parameter in PARAMETERS) return;
  const meant = Object.entries(PARAMETERS).find(([ours, most]) => distance(parameter.toLowerCase(), ours) <= most);
  if (meant !== undefined) throw new ConfigError(`postgres://…?${parameter}= is not known: did you mean ${meant[0]}?`);
}
