import { randomUUID } from 'node:crypto';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { createUsers, type MeasuredApp, startApp } from '../../support/measured-app.js';
import { MuteProxy } from '../../support/mute-proxy.js';
import { psql } from '../../support/postgres-repository.js';

/** Milliseconds. A change is in force this long after it at the latest, whatever becomes of notifications. */
const IN_FORCE_WITHIN = 1_000;

/** An app that listens through one proxy, and asks through another one. */
async function startAppWithProxies() {
  const listening = await MuteProxy.before(inject('postgresUrl'));
  const asking = await MuteProxy.before(inject('postgresUrl'));
  const schema = randomUUID();
  class Client extends pg.Client {
    constructor(options: pg.ClientConfig) {
      // The client that listens is none of the pool's, which get the very options of the pool.
      super(options === pool.options ? options : { ...options, connectionString: listening.url });
    }
  }
  const pool: pg.Pool = new pg.Pool({
    connectionString: asking.url,
    connectionTimeoutMillis: 2_000,
    Client: Client as never,
  });
  onTestFinished(() => pool.end());
  const app = await startApp(new PostgresUserRepository(pool, { schema }), '10s');
  const table = `"${schema}".kapacitor_auth_users`;
  const change = (name: string, changes: string) =>
    psql(inject('postgresUrl'), `UPDATE ${table} SET ${changes} WHERE name = '${name}'`);
  return { app, listening, asking, table, change };
}

/** Makes requests until the user is refused, and tells how many milliseconds that takes. */
async function refusalOf(app: MeasuredApp, who: string): Promise<number> {
  const from = performance.now();
  await vi.waitFor(async () => expect(await app.status(who)).toBe(401), { timeout: 5_000, interval: 10 });
  return performance.now() - from;
}

describe('when the connection that listens goes mute', () => {
  it('a change of others is in force within a second, then at once, and is heard of when the network is back', async () => {
    const { app, listening, change } = await startAppWithProxies();
    await createUsers(app, 'first', 'second', 'third', 'other');
    for (const name of ['first', 'second', 'third', 'other']) expect(await app.status(`${name}:pw`)).toBe(200);

    listening.mute();
    await change('first', 'enabled = false');
    expect(await refusalOf(app, 'first:pw')).toBeLessThan(IN_FORCE_WITHIN);

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
    expect(await refusalOf(app, 'third:pw')).toBeLessThan(IN_FORCE_WITHIN / 5);
    expect(await app.status('second:pw')).toBe(200);
    expect(app.states).toEqual(['up', 'degraded', 'up']);
  });

  it('and the others do so later, nobody is served as they were before a change that has been seen', async () => {
    const { app, listening, asking, table, change } = await startAppWithProxies();
    await createUsers(app, 'known', 'disabled', 'changed', 'model');
    await app.auth.users.update('model', { password: 'other' });
    for (const who of ['known:pw', 'disabled:pw', 'changed:pw', 'model:other']) expect(await app.status(who)).toBe(200);
    listening.mute();
    await app.until('degraded');
    await change('disabled', 'enabled = false');
    await change('changed', `hash = (SELECT hash FROM ${table} WHERE name = 'model')`);
    expect(await app.status('disabled:pw')).toBe(401);
    expect(await app.status('changed:pw')).toBe(401);

    asking.mute();
    while (app.health().state === 'degraded') expect(await app.status('disabled:pw')).not.toBe(200);
    expect(app.health().state).toBe('grace');
    for (const who of ['disabled:pw', 'changed:pw']) expect([401, 503]).toContain(await app.status(who));
    for (const who of ['known:pw', 'changed:other']) expect(await app.status(who)).toBe(200);
  });
});
