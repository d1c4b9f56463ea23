import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { kapacitorAuth } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import { NODE_OPTIONS, programNamed } from '../../support/child-process.js';
import { MuteProxy } from '../../support/mute-proxy.js';
import { openPostgres, ownPool, ownSchema, psql, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

/** A URL with an application name of its own, and its connections. */
function ownConnections() {
  const schema = randomUUID();
  const url = `${inject('postgresUrl')}?schema=${schema}&application_name=${schema}`;
  const connections = () => psql(url, 'SELECT wait_event FROM pg_stat_activity WHERE application_name = $1', [schema]);
  return { schema, url, connections };
}

/** A client that holds the lock of migrations of this schema. */
async function migrateMeanwhile(schema: string): Promise<pg.Client> {
  const other = new pg.Client(inject('postgresUrl'));
  await other.connect();
  onTestFinished(() => other.end());
  await other.query('SELECT pg_advisory_lock($1)', [new TableNames({ schema }).lockKey('migration')]);
  return other;
}

/** Locks the table of this schema. @returns a function that unlocks it */
async function lockTable(schema: string): Promise<() => Promise<void>> {
  const other = new pg.Client(inject('postgresUrl'));
  await other.connect();
  await other.query(`BEGIN; LOCK TABLE "${schema}".kapacitor_auth_users IN ACCESS EXCLUSIVE MODE`);
  return () => other.end();
}

/** The events that the connections wait for. */
function waitingFor(connections: () => Promise<any[]>): () => Promise<string[]> {
  return async () => (await connections()).map((row) => row.wait_event);
}

function closedError(schema: string): Error {
  return expect.objectContaining({
    code: 'STORE_UNAVAILABLE',
    message: 'the user store is closed',
    cause: new Error(`the user store in PostgreSQL ("${schema}"."kapacitor_auth_users") is closed`),
  });
}

const LIMITS = { connectionTimeoutMillis: 2_000, statement_timeout: 1_000 };

describe('close()', () => {
  it('does not wait for another process that makes the table: nothing is opened or made, and no connection is left', async () => {
    const { schema, url, connections } = ownConnections();
    const other = await migrateMeanwhile(schema);
    const repository = new PostgresUserRepository(url);
    const opening = expect(repository.open()).rejects.toEqual(closedError(schema));
    await expect.poll(connections, { interval: 10 }).toEqual([{ wait_event: 'advisory' }]);

    const closedFrom = performance.now();
    await repository.close();
    expect(performance.now() - closedFrom).toBeLessThan(1_000);
    await opening;
    // The server notices that a waiting client is gone when it gets the lock.
    await other.end();
    await expect.poll(connections).toEqual([]);
    expect(await psql(url, 'SELECT FROM pg_namespace WHERE nspname = $1', [schema])).toEqual([]);
  });

  it('called twice at once resolves both times when all is closed', async () => {
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

  it.each([
    ['a pool of its own', (url: string) => new PostgresUserRepository(url)],
    [
      'the app’s pool',
      (url: string, schema: string) =>
        new PostgresUserRepository(ownPool(url, { max: 2, application_name: schema, ...LIMITS }), { schema }),
    ],
  ])('with %s rejects everything under way or waiting for a connection at once', async (_what, create) => {
    const { schema, url, connections } = ownConnections();
    const repository = create(url, schema);
    await repository.open();
    await repository.insert(userNamed('someone'));
    const unlock = await lockTable(schema);
    const answers = [
      ...Array.from({ length: 50 }, (_, index) => repository.insert(userNamed(`user${index}`))),
      repository.find('nobody'),
      repository.list({ pattern: new NamePattern(''), after: undefined, offset: 5_000, limit: 10 }),
      repository.replace(userNamed('someone', { revision: '2' }), '1'),
      repository.remove('someone'),
      repository.hasAdmin(),
      repository.insertFirstAdmin(userNamed('root', { type: 'admin' })),
      repository.insertMany([userNamed('one'), userNamed('two')]),
      repository.snapshot().next(),
      repository.permissionsInUse(),
    ];
    const outcomes = Promise.allSettled(answers);
    await expect.poll(waitingFor(connections), { interval: 10 }).toContain('relation');

    const closedFrom = performance.now();
    const closing = repository.close();
    for (const outcome of await outcomes) {
      expect(outcome).toEqual({ status: 'rejected', reason: closedError(schema) });
    }
    expect(performance.now() - closedFrom).toBeLessThan(1_000);
    await closing;
    await unlock();
    expect(await psql(url, `SELECT name FROM "${schema}".kapacitor_auth_users`)).toEqual([{ name: 'someone' }]);
  });

  it('in the middle of a snapshot ends it', async () => {
    const { schema, url, connections } = ownConnections();
    const repository = await openPostgres(url);
    await psql(
      url,
      `INSERT INTO "${schema}".kapacitor_auth_users (name, hash) SELECT 'user' || i, '' FROM generate_series(1, 2000) AS i`,
    );
    let count = 0;
    const reading = async () => {
      for await (const _user of repository.snapshot()) {
        count += 1;
        if (count === 10) await repository.close();
      }
    };
    await expect(reading()).rejects.toEqual(closedError(schema));
    await expect.poll(connections).toEqual([]);
  });

  it('during an outage does not wait for an attempt to connect', async () => {
    const { schema, url } = ownConnections();
    const proxy = await MuteProxy.before(url);
    const repository = await openPostgres(proxy.url);
    await repository.insert(userNamed('someone'));
    await repository.find('someone');
    proxy.mute();
    const found = Promise.allSettled([repository.find('nobody')]);
    await repository.close();
    expect(await found).toEqual([{ status: 'rejected', reason: closedError(schema) }]);
    expect(() => repository.find('someone')).toThrow('is closed');
  });

  it('while a middleware opens causes no warning', async () => {
    const warnings: string[] = [];
    const listener = ({ message }: Error) => void warnings.push(message);
    process.on('warning', listener);
    onTestFinished(() => void process.off('warning', listener));
    const { url, connections } = ownConnections();
    const auth = kapacitorAuth({ auth: { store: url } });
    const created = auth.users.create({ name: 'someone', password: 'a password' });
    await auth.close();
    await expect(auth.ready).rejects.toThrow('the user store is closed');
    await expect(created).rejects.toThrow('the user store is closed');
    await auth.close();
    await expect.poll(connections).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('before open() resolves at once, and open() fails afterwards', async () => {
    const { url, connections } = ownConnections();
    const repository = new PostgresUserRepository(url);
    await repository.close();
    await expect(repository.open()).rejects.toThrow('is closed');
    expect(await connections()).toEqual([]);
  });

  it('while the app’s pool has no free connection resolves at once, and nothing listens later', async () => {
    const { schema, url, connections } = ownConnections();
    const pool = ownPool(url, { max: 1, application_name: schema });
    const taken = await pool.connect();
    const repository = new PostgresUserRepository(pool, { schema });
    const opening = expect(repository.open()).rejects.toEqual(closedError(schema));
    await repository.close();
    taken.release();
    await opening;
    expect(await connections()).toHaveLength(1);
  });
});

/** Milliseconds. A process that waits for a timer or an idle connection takes longer. */
const ENDS_WITHIN = 5_000;

/** Runs a script. @returns its output, its end, and the time between the two */
async function run(script: string, ...args: string[]) {
  const child = spawn(process.execPath, [...NODE_OPTIONS, programNamed(script), ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let [said, errors] = ['', ''];
  let doneAt = Number.NaN;
  child.stdout.on('data', (chunk) => {
    said += chunk;
    doneAt = performance.now();
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { said, errors, code, signal, endedAfter: performance.now() - doneAt };
}

it.each([
  ['and is told of its change', 'ENABLE'],
  ['and waits in vain to be told of its change', 'DISABLE'],
])('a script that changes a user, %s, ends by itself when it is done', async (_what, triggers) => {
  const url = ownSchema();
  const repository = await openPostgres(url);
  await repository.insert(userNamed('someone'));
  await psql(url, `ALTER TABLE ${usersTable(url)} ${triggers} TRIGGER ALL`);
  const { endedAfter, ...ended } = await run('postgres-script', url, 'someone');
  expect(ended).toEqual({ said: 'disabled', errors: '', code: 0, signal: null });
  expect(endedAfter).toBeLessThan(ENDS_WITHIN);
  expect(await repository.find('someone')).toMatchObject({ enabled: false });
});

it('a script that closes during a flood of insertions gets a result for each of them', async () => {
  const { endedAfter, ...ended } = await run('postgres-closing-script', ownSchema());
  expect(ended).toEqual({ said: 'created, the user store is closed', errors: '', code: 0, signal: null });
  expect(endedAfter).toBeLessThan(ENDS_WITHIN);
});
