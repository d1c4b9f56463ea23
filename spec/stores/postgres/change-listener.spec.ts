import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KapacitorAuth } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { createAuth } from '../../support/auth.js';
import { cutListening } from '../../support/listening-connection.js';
import { poolWith } from '../../support/pool-beside.js';
import { ownPool, ownSchema, psql, schemaOf, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const LIMITS = { connectionTimeoutMillis: 2_000, statement_timeout: 1_000 };
const REFUSED = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** Opens a repository, and records what it reports. */
async function openReporting(repository: PostgresUserRepository) {
  const reports: (readonly [state: string, reason: string | undefined])[] = [];
  onTestFinished(() => repository.close());
  await repository.open({ grace: 60_000, report: (state, reason) => reports.push([state, reason]) });
  return {
    reports,
    states: () => reports.map(([state]) => state),
    latest: () => expect.poll(() => reports.at(-1), { timeout: 5_000, interval: 10 }),
  };
}

describe('while no client can be made for the listening connection', () => {
  it('a repository opens, and listens once a client can be made', async () => {
    const url = ownSchema();
    let made = 0;
    class Client extends pg.Client {
      constructor(options: pg.ClientConfig) {
        made += 1;
        if (made === 1) throw new Error('ENOENT: no such file');
        super(options);
      }
    }
    const repository = new PostgresUserRepository(poolWith(ownPool(url, LIMITS), Client), { schema: schemaOf(url) });
    const { reports, latest } = await openReporting(repository);
    expect(reports).toEqual([['degraded', 'ENOENT: no such file']]);
    await repository.insert(userNamed('someone'));
    expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
    await latest().toEqual(['up', undefined]);
    await repository.close();
  });

  it('because a certificate is missing, each request reads the table until it is back, and close() works', async () => {
    const certificate = join(temporaryFolder(), 'root.pem');
    const own = randomUUID();
    const url = `${inject('postgresUrl')}?schema=${own}&max=1&application_name=${own}&sslmode=disable&sslrootcert=${certificate}`;
    const reason = `ENOENT: no such file or directory, open '${certificate}'`;
    writeFileSync(certificate, '');
    const repository = new PostgresUserRepository(url);
    const { latest } = await openReporting(repository);
    await repository.insert(userNamed('someone'));

    rmSync(certificate);
    await cutListening(url, own);
    await latest().toEqual(['degraded', reason]);
    expect(await repository.find('someone')).toMatchObject({ name: 'someone' });

    writeFileSync(certificate, '');
    await latest().toEqual(['up', undefined]);

    rmSync(certificate);
    await cutListening(url, own);
    await latest().toEqual(['degraded', reason]);
    await repository.close();
  });
});

describe('a new connection is tested with a notification', () => {
  /** A repository on a pool with these options, with a user in memory. */
  async function openOnPool(options: pg.PoolConfig) {
    const url = ownSchema();
    const name = `of ${randomUUID()}`;
    const pool = ownPool(url, { ...options, application_name: name });
    const repository = new PostgresUserRepository(pool, { schema: schemaOf(url) });
    const { states } = await openReporting(repository);
    await repository.insert(userNamed('someone'));
    expect(await repository.find('someone')).toMatchObject({ enabled: true });
    return {
      pool,
      repository,
      states,
      disable: () => psql(url, `UPDATE ${usersTable(url)} SET enabled = false`),
      cut: () => cutListening(url, name),
    };
  }

  it('from another connection, because a pooler forwards only those of the connection itself', async () => {
    class Client extends pg.Client {
      override emit(event: any, ...details: any[]): boolean {
        const isOthers = event === 'notification' && details[0].processId !== (this as any).processID;
        return isOthers ? false : super.emit(event, ...(details as []));
      }
    }
    const { repository, states, disable } = await openOnPool({ Client });
    await vi.waitFor(() => expect(states().length).toBeGreaterThan(2), { timeout: 5_000, interval: 10 });
    expect(new Set(states())).toEqual(new Set(['degraded']));
    await disable();
    expect(await repository.find('someone')).toMatchObject({ enabled: false });
  });

  it('from itself if there is no other connection: users in memory are served, and changes are noticed', async () => {
    const { pool, repository, states, disable, cut } = await openOnPool({ max: 1 });
    const taken = await pool.connect();
    onTestFinished(() => taken.release());
    await cut();
    await vi.waitFor(() => expect(states()).toContain('grace'), { timeout: 5_000, interval: 10 });
    // Not up, since no user can be read.
    await vi.waitFor(() => expect(states().at(-1)).toBe('degraded'), { timeout: 5_000, interval: 10 });
    expect(repository.find('someone')).toMatchObject({ enabled: true });
    await disable();
    await vi.waitFor(() => expect(repository.find('someone')).toBeInstanceOf(Promise), { timeout: 1_000, interval: 1 });
    await expect(repository.find('someone')).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('without a listening connection', () => {
  class UnconnectedClient extends pg.Client {
    override connect(): any {
      return Promise.reject(new Error('no connection to listen on'));
    }
  }

  /** A repository that can read and write but not listen, with these users in memory. */
  async function openWithoutListening(...names: string[]) {
    const url = ownSchema();
    const comparisons: unknown[] = [];
    let unanswered: string | undefined;
    class Client extends pg.Client {
      override query(...asked: any[]): any {
        const [{ text, values = [] }] = asked;
        if (text.includes('unnest')) comparisons.push(values[0]);
        if (unanswered !== undefined && values[0] === unanswered) return new Promise(() => {});
        return super.query(...(asked as [any]));
      }
    }
    const pool = ownPool(url, { ...LIMITS, Client });
    let failure: Error | undefined;
    const connect = () => (failure === undefined ? pool.connect() : Promise.reject(failure));
    const repository = new PostgresUserRepository(poolWith(pool, UnconnectedClient, connect), {
      schema: schemaOf(url),
    });
    const { states } = await openReporting(repository);
    for (const name of names) await repository.insert(userNamed(name));
    for (const name of names) expect(await repository.find(name)).toMatchObject({ name });
    return {
      repository,
      states,
      /** The names in each comparison of memory with the table. */
      comparisons,
      run: (text: string) => psql(url, text.replaceAll('USERS', usersTable(url))),
      fail: (error: Error | undefined) => {
        failure = error;
      },
      doNotAnswerAbout: (name: string) => {
        unanswered = name;
      },
    };
  }

  it('users in memory are compared with the table, so a deleted user is not served in the grace', async () => {
    const { repository, states, comparisons, run, fail } = await openWithoutListening('known', 'deleted');
    await vi.waitFor(() => expect(comparisons.at(-1)).toEqual(['known', 'deleted']), { timeout: 5_000, interval: 10 });
    await run(`DELETE FROM USERS WHERE name = 'deleted'`);
    await vi.waitFor(() => expect(comparisons.at(-1)).toEqual(['known']), { timeout: 5_000, interval: 10 });

    fail(REFUSED);
    await expect(repository.find('deleted')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await repository.find('known')).toMatchObject({ name: 'known' });
    expect(states().at(-1)).toBe('grace');
  });

  it('a user served from memory is read again as soon as the database is back', async () => {
    const { repository, states, run, fail } = await openWithoutListening('known', 'other');
    fail(REFUSED);
    for (const name of ['known', 'other']) expect(await repository.find(name)).toMatchObject({ enabled: true });
    expect(states().at(-1)).toBe('grace');
    await run('UPDATE USERS SET enabled = false');
    expect(await repository.find('known')).toMatchObject({ enabled: true });

    fail(undefined);
    const isInForce = async () => expect(await repository.find('known')).toMatchObject({ enabled: false });
    await vi.waitFor(isInForce, { timeout: 5_000, interval: 5 });
    expect(await repository.find('other')).toMatchObject({ enabled: false });
  });

  it('a query without an answer fails if others are answered, and the user is not served from memory', async () => {
    const { repository, states, doNotAnswerAbout } = await openWithoutListening('known', 'unlucky');
    doNotAnswerAbout('unlucky');
    let isOver = false;
    const finding = Promise.resolve(repository.find('unlucky')).finally(() => {
      isOver = true;
    });
    const refusal = expect(finding).rejects.toMatchObject({ name: 'TimeoutError' });
    while (!isOver) expect(await repository.find('known')).toMatchObject({ name: 'known' });
    await refusal;
    expect(await repository.find('known')).toMatchObject({ name: 'known' });
    expect(new Set(states())).toEqual(new Set(['degraded']));
  });

  it('a change is answered without its notification, and is in force for the next request', async () => {
    const { repository } = await openWithoutListening('known', 'other');
    const changed = userNamed('known', { revision: '2' });
    expect(await repository.replace(changed, '1')).toBe('replaced');
    expect(await repository.find('known')).toEqual(changed);
    expect(await repository.remove('other')).toBe('removed');
    expect(await repository.find('other')).toBeUndefined();
  });
});

describe('one repository for two apps', () => {
  it('reports its state to both', async () => {
    const own = randomUUID();
    const url = `${inject('postgresUrl')}?schema=${own}&application_name=${own}`;
    const repository = new PostgresUserRepository(url);
    onTestFinished(() => repository.close());
    const open = async (): Promise<KapacitorAuth> => {
      const auth = await createAuth({ auth: { store: repository } }, []);
      await auth.ready;
      return auth;
    };
    const [one, two] = [await open(), await open()];
    const events = [one, two].map((auth) => {
      const states: string[] = [];
      auth.on('store-state', ({ state }) => states.push(state));
      return states;
    });
    const states = () => [one, two].map((auth) => auth.health().store.state);
    expect(states()).toEqual(['up', 'up']);

    await cutListening(url, own);
    await expect
      .poll(() => events, { timeout: 5_000, interval: 10 })
      .toEqual([
        ['degraded', 'up'],
        ['degraded', 'up'],
      ]);
    expect(states()).toEqual(['up', 'up']);

    await one.close();
    await two.users.create({ name: 'someone', password: 'pw' });
    expect(await two.users.get('someone')).toMatchObject({ name: 'someone' });
    expect(states()).toEqual(['down', 'up']);
  });

  it('listens once, even if both open it at the same time', async () => {
    const own = randomUUID();
    const url = `${inject('postgresUrl')}?schema=${own}&application_name=${own}&max=1`;
    const repository = new PostgresUserRepository(url);
    onTestFinished(() => repository.close());
    const reports: string[] = [];
    const open = (app: string) => repository.open({ grace: 0, report: (state) => reports.push(`${app}: ${state}`) });
    await Promise.all([open('one'), open('two'), open('three')]);
    expect(reports).toEqual(expect.arrayContaining(['one: up', 'two: up', 'three: up']));
    await repository.find('someone');
    const connections = () => psql(url, 'SELECT FROM pg_stat_activity WHERE application_name = $1', [own]);
    await expect.poll(async () => (await connections()).length).toBe(2);
  });
});
