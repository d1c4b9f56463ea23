import { randomUUID } from 'node:crypto';
import { StoreError } from 'kapacitor-auth';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createUsers, type MeasuredApp, startApp } from '../../support/measured-app.js';
import { PostgresServer } from '../../support/postgres-server.js';

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

/** An app with all these users in memory. */
async function startAppWith(url: string, ...names: string[]): Promise<MeasuredApp> {
  const app = await startApp(url, '10s');
  await createUsers(app, ...names);
  for (const name of names) expect(await app.status(`${name}:pw`)).toBe(200);
  return app;
}

async function change({ auth }: MeasuredApp): Promise<void> {
  await auth.users.delete('deleted');
  await auth.users.update('disabled', { enabled: false });
  await auth.users.update('changed', { password: 'other' });
}

describe('nobody is served in the grace as they were before', () => {
  it('a change that was made here, whatever was asked meanwhile', async () => {
    const app = await startAppWith(storeUrl(), 'known', ...CHANGED);
    let isOver = false;
    const asking = CHANGED.map(async (name) => {
      while (!isOver) await Promise.all([app.status(`${name}:pw`), app.status(`${name}:pw`)]);
    });
    await change(app);
    await server.kill();
    isOver = true;
    await app.until('grace');
    for (const name of CHANGED) expect([401, 503]).toContain(await app.status(`${name}:pw`));
    await Promise.all(asking);
    for (const name of CHANGED) expect([401, 503]).toContain(await app.status(`${name}:pw`));
    expect(await app.status('known:pw')).toBe(200);
    expect(app.health().state).toBe('grace');
  });

  it('a change that was made elsewhere, when it has been heard of', async () => {
    const url = storeUrl();
    const app = await startAppWith(url, 'known', ...CHANGED, 'last');
    await change(await startApp(url, '10s'));
    await server.query(`UPDATE "${new URL(url).searchParams.get('schema')}".kapacitor_auth_users
      SET enabled = false WHERE name = 'last'`);
    // Changes are told in their order: nobody has asked about the others since.
    await vi.waitFor(async () => expect(await app.status('last:pw')).toBe(401), { interval: 5 });
    await server.kill();
    await app.until('grace');
    for (const name of [...CHANGED, 'last']) expect([401, 503]).toContain(await app.status(`${name}:pw`));
    expect(await app.status('known:pw')).toBe(200);
  });

  it('a deletion whose answer was lost with the server', async () => {
    const url = storeUrl();
    const app = await startAppWith(url, 'known', 'doomed');
    const other = new pg.Client(server.url());
    other.on('error', () => {});
    await other.connect();
    onTestFinished(() => other.end());
    const schema = new URL(url).searchParams.get('schema');
    await other.query(`BEGIN; SELECT FROM "${schema}".kapacitor_auth_users WHERE name = 'doomed' FOR UPDATE`);
    const deletion = app.auth.users.delete('doomed');
    deletion.catch(() => {});
    await vi.waitFor(
      async () => {
        const waiting = await server.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
        expect(waiting).toHaveLength(1);
      },
      { interval: 10 },
    );
    expect(await app.status('doomed:pw')).toBe(200);
    await server.kill();
    await expect(deletion).rejects.toThrow(StoreError);
    await app.until('grace');
    expect(await app.status('doomed:pw')).toBe(503);
    expect(await app.status('known:pw')).toBe(200);

    await server.start();
    await app.until('up');
    // It was not done after all.
    expect(await app.status('doomed:pw')).toBe(200);
  });
});
