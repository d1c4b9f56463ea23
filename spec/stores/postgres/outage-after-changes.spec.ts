import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { StoreError } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { isPromise } from '../../../lib/promises.js';
import type { StoreState } from '../../../lib/users/repository.js';
import { createUsers, type MeasuredApp, startApp } from '../../support/measured-app.js';
import { MuteProxy } from '../../support/mute-proxy.js';
import { ownPool, psql, usersTable } from '../../support/postgres-repository.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { userNamed } from '../../support/stored-user.js';

const CHANGED = ['deleted', 'disabled', 'changed'];

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.create();
});
beforeEach(() => server.start());
afterAll(() => server.remove());

function storeUrl(): string {
  return `${server.url()}?schema=${randomUUID()}`;
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url.replace(/\?.*/, ''));
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** An app with all these users in memory. */
async function startAppWith(url: string, ...names: string[]): Promise<MeasuredApp> {
  const app = await startApp(url, '20s');
  await createUsers(app, ...names);
  for (const name of names) expect(await app.status(`${name}:pw`)).toBe(200);
  return app;
}

async function change({ auth }: MeasuredApp): Promise<void> {
  await auth.users.delete('deleted');
  await auth.users.update('disabled', { enabled: false });
  await auth.users.update('changed', { password: 'other' });
}

describe('a user in memory is not served in the grace as it was before', () => {
  it('a change by this process, whatever was requested meanwhile', async () => {
    const app = await startAppWith(storeUrl(), 'known', ...CHANGED);
    let isOver = false;
    const requests = CHANGED.map(async (name) => {
      while (!isOver) await Promise.all([app.status(`${name}:pw`), app.status(`${name}:pw`)]);
    });
    await change(app);
    await server.kill();
    isOver = true;
    await app.until('grace');
    for (const name of CHANGED) expect([401, 503]).toContain(await app.status(`${name}:pw`));
    await Promise.all(requests);
    for (const name of CHANGED) expect([401, 503]).toContain(await app.status(`${name}:pw`));
    expect(await app.status('known:pw')).toBe(200);
    expect(app.health().state).toBe('grace');
  });

  it('a change by another process whose notification has arrived', async () => {
    const url = storeUrl();
    const app = await startAppWith(url, 'known', ...CHANGED, 'last');
    await change(await startApp(url, '20s'));
    await server.query(`UPDATE ${usersTable(url)} SET enabled = false WHERE name = 'last'`);
    // Notifications arrive in order, so the earlier ones, for users without a request since, have arrived as well.
    await vi.waitFor(async () => expect(await app.status('last:pw')).toBe(401), { interval: 5 });
    await server.kill();
    await app.until('grace');
    for (const name of [...CHANGED, 'last']) expect([401, 503]).toContain(await app.status(`${name}:pw`));
    expect(await app.status('known:pw')).toBe(200);
  });

  it('a deletion whose answer was lost with the server', async () => {
    const url = storeUrl();
    const app = await startAppWith(url, 'known', 'doomed');
    const other = await connect(url);
    await other.query(`BEGIN; SELECT FROM ${usersTable(url)} WHERE name = 'doomed' FOR UPDATE`);
    const deletion = app.auth.users.delete('doomed');
    deletion.catch(() => {});
    const waiting = () => server.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
    await expect.poll(waiting, { interval: 10 }).toHaveLength(1);
    expect(await app.status('doomed:pw')).toBe(200);
    await server.kill();
    await expect(deletion).rejects.toThrow(StoreError);
    await app.until('grace');
    expect(await app.status('doomed:pw')).toBe(503);
    expect(await app.status('known:pw')).toBe(200);

    await server.start();
    await app.until('up');
    // The deletion was rolled back.
    expect(await app.status('doomed:pw')).toBe(200);
  });

  it('a deletion that timed out, while every other change fails without effect', async () => {
    const id = randomUUID();
    const url = `${inject('postgresUrl')}?schema=${id}&application_name=${id}`;
    const app = await startApp(url, '20s');
    const other = await connect(url);
    await app.auth.users.create({ name: 'root', password: 'pw', type: 'admin' });
    const rounds = Array.from({ length: 10 }, (_, index) => index);
    await createUsers(app, 'known', 'doomed', ...rounds.map((round) => `user${round}`));
    for (const name of ['root', 'known', 'doomed']) expect(await app.status(`${name}:pw`)).toBe(200);
    const users = await app.auth.users.list();
    const asRoot = (method: string, name = '', body = '') =>
      app.send({ method, path: `/kapacitor/v1/users${name}`, auth: 'root:pw', body });

    await other.query(`BEGIN; LOCK TABLE ${usersTable(url)} IN ACCESS EXCLUSIVE MODE`);
    const deletion = asRoot('DELETE', '/doomed');
    const others: ReturnType<typeof asRoot>[] = [];
    // Some are sent while root is read from memory, the others while the database is known not to answer.
    for (const round of rounds) {
      others.push(asRoot('DELETE', `/user${round}`), asRoot('PATCH', `/user${round}`, '{"password":"other"}'));
      others.push(asRoot('GET'), asRoot('POST', '', `{"name":"new${round}","password":"pw"}`));
      await setTimeout(300);
    }
    const answers = await Promise.all(others);
    expect((await deletion).status).toBe(503);
    await app.until('grace');
    expect(await app.status('doomed:pw')).toBe(503);
    expect(await app.status('known:pw')).toBe(200);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));

    await other.query('ROLLBACK');
    await app.until('up');
    expect(await app.auth.users.list()).toEqual(users);
    expect(await app.status('doomed:pw')).toBe(200);
  });
});

describe('when the listening connection goes silent', () => {
  /** An app that listens through one proxy, and reads and writes through another one. */
  async function startAppWithProxies() {
    const listening = await MuteProxy.before(inject('postgresUrl'));
    const reading = await MuteProxy.before(inject('postgresUrl'));
    const schema = randomUUID();
    class Client extends pg.Client {
      constructor(options: pg.ClientConfig) {
        // Only the clients of the pool get the very options of the pool.
        super(options === pool.options ? options : { ...options, connectionString: listening.url });
      }
    }
    const pool: pg.Pool = ownPool(reading.url, { connectionTimeoutMillis: 2_000, Client: Client as never });
    const app = await startApp(new PostgresUserRepository(pool, { schema }), '20s');
    const table = `"${schema}".kapacitor_auth_users`;
    const change = (name: string, changes: string) =>
      psql(inject('postgresUrl'), `UPDATE ${table} SET ${changes} WHERE name = '${name}'`);
    return { app, listening, reading, table, change };
  }

  it('a change is in force once users in memory are no longer trusted, and then at once', async () => {
    const { app, listening, change } = await startAppWithProxies();
    await createUsers(app, 'first', 'second', 'third', 'other');
    for (const name of ['first', 'second', 'third', 'other']) expect(await app.status(`${name}:pw`)).toBe(200);

    listening.mute();
    await change('first', 'enabled = false');
    const changedAt = performance.now();
    let lastServed = changedAt;
    const status = async () => {
      const sentAt = performance.now();
      const answer = await app.status('first:pw');
      if (answer === 200) lastServed = sentAt;
      return answer;
    };
    await expect.poll(status, { timeout: 5_000, interval: 10 }).toBe(401);
    expect(lastServed - changedAt).toBeLessThan(900);

    await app.until('degraded');
    expect(app.health().reason).toMatch(/timeout|no answer/);
    for (const enabled of [false, true, false, true]) {
      await change('second', `enabled = ${enabled}`);
      expect(await app.status('second:pw')).toBe(enabled ? 200 : 401);
    }
    expect(await app.status('other:pw')).toBe(200);

    listening.passOnNew();
    await app.until('up');
    await change('third', 'enabled = false');
    await expect.poll(() => app.status('third:pw'), { timeout: 5_000, interval: 10 }).toBe(401);
    expect(await app.status('second:pw')).toBe(200);
    expect(app.states).toEqual(['up', 'degraded', 'up']);
  });

  it('and others do so later, a user is not served as it was before a change that was read', async () => {
    const { app, listening, reading, table, change } = await startAppWithProxies();
    await createUsers(app, 'known', 'disabled', 'changed', 'model');
    await app.auth.users.update('model', { password: 'other' });
    for (const who of ['known:pw', 'disabled:pw', 'changed:pw', 'model:other']) expect(await app.status(who)).toBe(200);
    listening.mute();
    await app.until('degraded');
    await change('disabled', 'enabled = false');
    await change('changed', `hash = (SELECT hash FROM ${table} WHERE name = 'model')`);
    expect(await app.status('disabled:pw')).toBe(401);
    expect(await app.status('changed:pw')).toBe(401);

    reading.mute();
    while (app.health().state === 'degraded') expect(await app.status('disabled:pw')).not.toBe(200);
    expect(app.health().state).toBe('grace');
    for (const who of ['disabled:pw', 'changed:pw']) expect([401, 503]).toContain(await app.status(who));
    for (const who of ['known:pw', 'changed:other']) expect(await app.status(who)).toBe(200);
  });
});

it('a change right after an outage is in force when it is answered, in a process that has served users from memory', {
  timeout: 60_000,
}, async () => {
  const url = storeUrl();
  const open = async () => {
    const repository = new PostgresUserRepository(url);
    onTestFinished(() => repository.close());
    const states: StoreState[] = [];
    await repository.open({ grace: 60_000, report: (state) => states.push(state) });
    const until = (state: StoreState) => expect.poll(() => states.at(-1), { timeout: 10_000 }).toBe(state);
    return { repository, until };
  };
  const [one, two] = [await open(), await open()];
  const revision = async () => (await two.repository.find('someone'))?.revision;
  /** Only the database is asked with a promise. A notification of the latest change may have made it ask once more. */
  const isInMemory = async () => {
    const found = two.repository.find('someone');
    await found;
    return !isPromise(found);
  };
  await one.repository.insert(userNamed('someone', { revision: '0' }));
  for (let round = 1; round <= 5; round += 1) {
    expect(await revision()).toBe(String(round - 1));
    await expect.poll(isInMemory, { interval: 1 }).toBe(true);
    await server.stop();
    await Promise.all([one.until('grace'), two.until('grace')]);
    let isAnswered = false;
    const requests = (async () => {
      for (; !isAnswered; await setTimeout(1)) await revision();
    })();
    const starting = server.start();
    const someone = userNamed('someone', { revision: String(round) });
    while (!isAnswered) {
      const outcome = await one.repository.replace(someone, String(round - 1)).catch(() => undefined);
      expect([undefined, 'replaced']).toContain(outcome);
      isAnswered = outcome === 'replaced';
    }
    expect(await revision()).toBe(String(round));
    await Promise.all([starting, requests]);
    await Promise.all([one.until('up'), two.until('up')]);
  }
});
