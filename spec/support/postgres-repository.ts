import { randomUUID } from 'node:crypto';
import { type PostgresPool, type PostgresTable, PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';

/** The URL of a schema that nobody else has. */
export function ownSchema(): string {
  return `${inject('postgresUrl')}?schema=${randomUUID()}`;
}

/**
 * The URL of a database that nobody else has, until the test is over.
 *
 * @param options of `CREATE DATABASE`
 */
export async function ownDatabase(options = ''): Promise<string> {
  const { url, drop } = await createDatabase(options);
  onTestFinished(drop);
  return url;
}

/** Creates a database for a whole file. Elsewhere, transactions of others would keep VACUUM from its work. */
export async function createDatabase(options = ''): Promise<{ url: string; drop: () => Promise<void> }> {
  const url = inject('postgresUrl');
  const name = randomUUID();
  await psql(url, `CREATE DATABASE "${name}" ${options}`);
  const drop = () => psql(url, `DROP DATABASE "${name}" WITH (FORCE)`).then(() => {});
  return { url: url.replace(/\/\w+$/, `/${name}`), drop };
}

/** The same URL for a role that nobody else has, and that has no rights of its own, until the test is over. */
export async function ownRole(url: string, password = 'a password'): Promise<{ role: string; url: string }> {
  const role = `role ${randomUUID()}`;
  await psql(url, `CREATE ROLE "${role}" LOGIN PASSWORD '${password}'`);
  onTestFinished(() => psql(url, `DROP OWNED BY "${role}"; DROP ROLE "${role}"`).then(() => {}));
  const own = new URL(url);
  own.username = encodeURIComponent(role);
  own.password = encodeURIComponent(password);
  return { role, url: own.href };
}

/** The table that the users of such a URL are in, as it is written in SQL. */
export function usersTable(url: string): string {
  return `"${schemaOf(url) ?? 'public'}"."kapacitor_auth_users"`;
}

/** The table that their secrets are in. */
export function secretsTable(url: string): string {
  return usersTable(url).replace(/"$/, '_secrets"');
}

/** The schema in such a URL. */
export function schemaOf(url: string): string | undefined {
  return new URL(url).searchParams.get('schema') ?? undefined;
}

/** The repository in it, open until the test is over. */
export async function openPostgres(
  source: string | PostgresPool = ownSchema(),
  table: PostgresTable = {},
): Promise<PostgresUserRepository> {
  const repository = new PostgresUserRepository(source, table);
  onTestFinished(() => repository.close());
  await repository.open();
  return repository;
}

/** Asks as somebody with psql would. */
export async function psql(url: string, text: string, values?: readonly unknown[]): Promise<any[]> {
  const client = new pg.Client(withoutParameters(url));
  await client.connect();
  try {
    return (await client.query(text, values && [...values])).rows;
  } finally {
    await client.end();
  }
}

/** Fills a table of a schema with very many rows. Its indexes are made of the full table, which takes a fraction of the time. */
export async function fillTable(url: string, table: string, text: string): Promise<void> {
  // The index of a constraint cannot be dropped.
  const indexes: { readonly name: string; readonly definition: string }[] = await psql(
    url,
    `SELECT format('%I.%I', schemaname, indexname) AS name, indexdef AS definition FROM pg_indexes
      WHERE format('%I.%I', schemaname, tablename)::regclass = '${table}'::regclass
        AND indexname NOT IN (SELECT conname FROM pg_constraint)`,
  );
  for (const { name } of indexes) await psql(url, `DROP INDEX ${name}`);
  await psql(url, text);
  for (const { definition } of indexes) await psql(url, definition);
  // Several workers would each read some rows more than are needed.
  await psql(url, `ANALYZE ${table}; ALTER TABLE ${table} SET (parallel_workers = 0)`);
}

/** A pool of an app, until the test is over. */
export function ownPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: withoutParameters(url), ...options });
  onTestFinished(async () => {
    // end() does not wait until the server has closed the connections, and a server that stops, or drops the database,
    // terminates them with 57P01. No repository listens for errors any more.
    pool.on('error', () => {});
    if (!pool.ended) await pool.end();
  });
  return pool;
}

/** The statements that were sent to the database. */
export interface Sent {
  readonly text: string;
  readonly values: unknown[];
}

/** A pool whose clients, and those that are made beside them, write down what they send. */
export function recordingPool(url: string, options: pg.PoolConfig = {}): { pool: pg.Pool; sent: Sent[] } {
  const sent: Sent[] = [];
  class RecordingClient extends pg.Client {
    override query(...asked: any[]): any {
      const [{ text, values = [] }] = asked;
      sent.push({ text, values });
      return super.query(...(asked as [any]));
    }
  }
  return { pool: ownPool(url, { ...options, Client: RecordingClient }), sent };
}

function withoutParameters(url: string): string {
  return url.replace(/\?.*/, '');
}
