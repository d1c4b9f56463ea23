import { randomUUID } from 'node:crypto';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { TableNames } from '../../../lib/users/repositories/postgres/table.js';
import { openPostgres, ownPool, psql } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

/** A URL whose connections are known from all others. */
function ownConnections() {
  const schema = randomUUID();
  const url = `${inject('postgresUrl')}?schema=${schema}&application_name=${schema}`;
  const connections = () => psql(url, 'SELECT wait_event FROM pg_stat_activity WHERE application_name = $1', [schema]);
  return { schema, url, connections };
}

/** Another process that makes the table of this schema, until it ends. */
async function migrateMeanwhile(schema: string): Promise<pg.Client> {
  const other = new pg.Client(inject('postgresUrl'));
  await other.connect();
  onTestFinished(() => other.end());
  await other.query('SELECT pg_advisory_lock($1)', [new TableNames({ schema }).lockKey('migration')]);
  return other;
}

describe('close()', () => {
  it('does not wait for another process that makes the table: nothing is opened or made, and no connection is left', async () => {
    const { schema, url, connections } = ownConnections();
    const other = await migrateMeanwhile(schema);
    const repository = new PostgresUserRepository(url);
    const opening = expect(repository.open()).rejects.toThrow('Connection terminated');
    await expect.poll(connections, { interval: 10 }).toEqual([{ wait_event: 'advisory' }]);

    const closedFrom = performance.now();
    await repository.close();
    expect(performance.now() - closedFrom).toBeLessThan(1_000);
    await opening;
    // The server sees that whoever waits for a lock is gone when it comes to it.
    await other.end();
    await expect.poll(connections).toEqual([]);
    expect(await psql(url, 'SELECT FROM pg_namespace WHERE nspname = $1', [schema])).toEqual([]);
  });

  it('called twice at once is done when all is closed, both times', async () => {
    const { url, connections } = ownConnections();
    const repository = await openPostgres(url);
    await repository.insert(userNamed('someone'));
    let isClosed = false;
    const closing = repository.close().then(() => {
      isClosed = true;
    });
    await repository.close();
    expect(isClosed).toBe(true);
    await closing;
    await expect.poll(connections).toEqual([]);
  });

  it('of what was never opened is done at once, and it cannot be opened any more', async () => {
    const { url, connections } = ownConnections();
    const repository = new PostgresUserRepository(url);
    await repository.close();
    await expect(repository.open()).rejects.toThrow('is closed');
    expect(await connections()).toEqual([]);
  });

  it('while the app’s pool has no connection to open with is done at once, and nobody listens when there is one', async () => {
    const { schema, url, connections } = ownConnections();
    const pool = ownPool(url, { max: 1, application_name: schema });
    const taken = await pool.connect();
    const repository = new PostgresUserRepository(pool, { schema });
    const opening = expect(repository.open()).rejects.toThrow(`("${schema}"."kapacitor_auth_users") is closed`);
    await repository.close();
    taken.release();
    await opening;
    expect(await connections()).toHaveLength(1);
  });
});
