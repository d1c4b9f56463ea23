import { randomUUID } from 'node:crypto';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createUsers, startApp } from '../../support/measured-app.js';
import { PostgresServer } from '../../support/postgres-server.js';

/** What PostgreSQL says when there is no connection left. */
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

/** An app on a pool of its own that gives connections back at once, so that others can have them. */
async function startAppOnPool(storeGrace: string) {
  const schema = randomUUID();
  const pool = new pg.Pool({ connectionString: server.url(), application_name: schema, idleTimeoutMillis: 1 });
  onTestFinished(() => pool.end());
  const app = await startApp(new PostgresUserRepository(pool, { schema }), storeGrace);
  await createUsers(app, 'known', 'changed', 'stranger');
  for (const name of ['known', 'changed']) expect(await app.status(`${name}:pw`)).toBe(200);
  await vi.waitFor(() => expect(pool.totalCount).toBe(0));
  return { app, schema };
}

/** Others, who take each connection that there is. */
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

/** Ends all connections but its own over and over, until it is told to stop, and gives how many that were. */
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

describe('while all backends are terminated over and over', () => {
  it('users in memory are served, and afterwards everybody is', async () => {
    const app = await startApp(`${server.url()}?schema=${randomUUID()}`, '10s');
    const strangers = Array.from({ length: 60 }, (_, index) => `stranger${index}`);
    await createUsers(app, 'known', ...strangers);
    expect(await app.status('known:pw')).toBe(200);
    for (let burst = 0; burst < 3; burst += 1) {
      const stop = await startTerminating();
      for (let from = 0; from < strangers.length; from += 4) {
        // A connection may be lost while it is made, before it is used, and while it is.
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
  it('users in memory are served while changes are heard of, first logins are refused at once, and it heals', async () => {
    const { app, schema } = await startAppOnPool('1s');
    const others = await takeAllConnections();

    const first = await app.get('stranger:pw');
    expect(first.status).toBe(503);
    expect(first.took).toBeLessThan(500);
    expect(app.health()).toMatchObject({ state: 'degraded', reason: expect.stringContaining('too many clients') });
    // For longer than the grace: it is none, since the table is looked at.
    const from = performance.now();
    while (performance.now() < from + 1_500) {
      const { status, took } = await app.get('known:pw');
      expect(status).toBe(200);
      expect(took).toBeLessThan(500);
    }
    await others[0]?.query(`UPDATE "${schema}".kapacitor_auth_users SET enabled = false WHERE name = 'changed'`);
    await vi.waitFor(async () => expect(await app.status('changed:pw')).toBe(503), { interval: 10 });

    await Promise.all(others.map((client) => client.end()));
    await app.until('up');
    expect(await app.status('stranger:pw')).toBe(200);
    expect(await app.status('changed:pw')).toBe(401);
    expect(app.states).toEqual(['up', 'degraded', 'up']);
  });

  it('the one that listens as well, users in memory are served for the grace, and it heals', async () => {
    const { app, schema } = await startAppOnPool('2s');
    const others = await takeAllConnections();
    const cut = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1';
    // The app tries again as well, and may be the first one.
    while (app.health().state !== 'grace') {
      await others[0]?.query(cut, [schema]);
      others.push(...(await takeAllConnections()));
    }
    // The first reason may be that a connection was cut.
    await vi.waitFor(() => expect(app.health().reason).toContain('too many clients'), { interval: 10 });
    for (const [who, expected] of [
      ['known:pw', 200],
      ['known:wrong', 401],
      ['stranger:pw', 503],
    ] as const) {
      const { status, took } = await app.get(who);
      expect(status).toBe(expected);
      expect(took).toBeLessThan(500);
    }
    await app.until('down');
    expect(await app.status('known:pw')).toBe(503);

    await Promise.all(others.map((client) => client.end()));
    await app.until('up');
    for (const name of ['known', 'stranger']) expect(await app.status(`${name}:pw`)).toBe(200);
  });
});
