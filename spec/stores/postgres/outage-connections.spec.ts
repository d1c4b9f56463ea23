import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createUsers, startApp } from '../../support/measured-app.js';
import { ownPool } from '../../support/postgres-repository.js';
import { PostgresServer } from '../../support/postgres-server.js';

/** The SQLSTATE of `too_many_connections`. */
const TOO_MANY_CONNECTIONS = '53300';

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.create(['max_connections=12', 'superuser_reserved_connections=0']);
});
afterAll(() => server.remove());

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(server.url());
  client.on('error', () => {});
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** An app whose pool closes idle connections at once, so that others can take them. */
async function startAppOnPool(storeGrace: string) {
  const schema = randomUUID();
  const pool = ownPool(server.url(), { application_name: schema, idleTimeoutMillis: 1 });
  const app = await startApp(new PostgresUserRepository(pool, { schema }), storeGrace);
  await createUsers(app, 'known', 'changed', 'stranger');
  for (const name of ['known', 'changed']) expect(await app.status(`${name}:pw`)).toBe(200);
  await vi.waitFor(() => expect(pool.totalCount).toBe(0));
  return { app, schema };
}

/** Takes every connection that the server has left. */
async function takeAllConnections(): Promise<pg.Client[]> {
  const clients: pg.Client[] = [];
  for (;;) {
    try {
      clients.push(await connect());
    } catch (error) {
      expect(error).toMatchObject({ code: TOO_MANY_CONNECTIONS });
      return clients;
    }
  }
}

/** Terminates all other connections over and over. @returns a function that stops it and returns their number */
async function startTerminating(): Promise<() => Promise<number>> {
  const administrator = await connect();
  let isOver = false;
  const terminate = async () => {
    let terminated = 0;
    while (!isOver) {
      const { rowCount } = await administrator.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      terminated += rowCount ?? 0;
    }
    return terminated;
  };
  const terminating = terminate();
  return () => {
    isOver = true;
    return terminating;
  };
}

describe('while all backends are terminated repeatedly', () => {
  it('users in memory are served, and afterwards every user is', async () => {
    const app = await startApp(`${server.url()}?schema=${randomUUID()}`, '10s');
    const strangers = Array.from({ length: 60 }, (_, index) => `stranger${index}`);
    await createUsers(app, 'known', ...strangers);
    expect(await app.status('known:pw')).toBe(200);
    for (let burst = 0; burst < 3; burst += 1) {
      const stop = await startTerminating();
      for (let from = 0; from < strangers.length; from += 4) {
        // A connection may be lost while it is made, before it is used, and while it is used.
        const names = ['known', ...strangers.slice(from, from + 4)];
        const [known, ...others] = await Promise.all(names.map((name) => app.status(`${name}:pw`)));
        expect(known).toBe(200);
        for (const status of others) expect([200, 503]).toContain(status);
      }
      expect(await stop()).toBeGreaterThan(0);
      await app.until('up');
    }
    for (const name of strangers) expect(await app.status(`${name}:pw`)).toBe(200);
  });
});

describe('when others have taken all connections', () => {
  it('users in memory are served while the app still listens, first logins fail, and everything works afterwards', async () => {
    const { app, schema } = await startAppOnPool('1s');
    const others = await takeAllConnections();

    expect(await app.status('stranger:pw')).toBe(503);
    expect(app.health()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('too many clients') });
    // Longer than the grace, which does not apply: the connection that listens still reads the table.
    const from = performance.now();
    while (performance.now() < from + 1_500) expect(await app.status('known:pw')).toBe(200);
    await others[0]?.query(`UPDATE "${schema}".kapacitor_auth_users SET enabled = false WHERE name = 'changed'`);
    await vi.waitFor(async () => expect(await app.status('changed:pw')).toBe(503), { interval: 10 });

    await Promise.all(others.map((client) => client.end()));
    await app.until('up');
    expect(await app.status('stranger:pw')).toBe(200);
    expect(await app.status('changed:pw')).toBe(401);
    expect(app.states).toEqual(['up', 'degraded', 'up']);
  });

  it('including the listening one, users in memory are served for the grace, and everything works afterwards', async () => {
    const { app, schema } = await startAppOnPool('5s');
    const others = await takeAllConnections();
    const cut = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1';
    // The app reconnects as well, and may be faster.
    while (app.health().state !== 'grace') {
      await others[0]?.query(cut, [schema]);
      others.push(...(await takeAllConnections()));
    }
    // The first reason may be the terminated connection.
    await vi.waitFor(() => expect(app.health().reason).toContain('too many clients'), { interval: 10 });
    for (const [who, expected] of [
      ['known:pw', 200],
      ['known:wrong', 401],
      ['stranger:pw', 503],
    ] as const) {
      expect(await app.status(who)).toBe(expected);
    }
    await app.until('down');
    expect(await app.status('known:pw')).toBe(503);

    await Promise.all(others.map((client) => client.end()));
    await app.until('up');
    for (const name of ['known', 'stranger']) expect(await app.status(`${name}:pw`)).toBe(200);
  });
});

describe('while each statement waits for a lock', () => {
  it('connections do not pile up, although first logins arrive all the time', async () => {
    const id = randomUUID();
    const app = await startApp(`${server.url()}?schema=${id}&application_name=${id}&max=3`, '0');
    const [other, observer] = [await connect(), await connect()];
    await createUsers(app, 'known');
    await other.query(`BEGIN; LOCK TABLE "${id}".kapacitor_auth_users IN ACCESS EXCLUSIVE MODE`);
    const logins: Promise<number>[] = [];
    let most = 0;
    // Three rounds of the pool's connections reach their timeouts.
    for (const end = performance.now() + 4_000; performance.now() < end; await setTimeout(20)) {
      // Equal queries would be one.
      if (logins.length < 300) logins.push(app.status(`stranger${logins.length}:pw`));
      const { rowCount } = await observer.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [id]);
      most = Math.max(most, rowCount ?? 0);
    }
    expect(new Set(await Promise.all(logins))).toEqual(new Set([503]));
    await other.query('ROLLBACK');
    await app.until('up');
    expect(await app.status('known:pw')).toBe(200);
    // Those of the pool, the one that listens, and those that are being closed.
    expect(most).toBeLessThanOrEqual(2 * (3 + 1));
  });
});
