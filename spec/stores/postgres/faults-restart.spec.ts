import { randomUUID } from 'node:crypto';
import { StoreError } from 'kapacitor-auth';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createUsers, startApp } from '../../support/measured-app.js';
import { PostgresServer } from '../../support/postgres-server.js';

const DATABASE_PASSWORD = 'of-the-database';

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.create();
  await server.query(`CREATE ROLE app LOGIN SUPERUSER PASSWORD '${DATABASE_PASSWORD}'`);
});
beforeEach(() => server.start());
afterAll(() => server.remove());

/** Of a schema that nobody else has. */
function storeUrl(): string {
  return `postgres://app:${DATABASE_PASSWORD}@127.0.0.1:${server.port}/postgres?schema=${randomUUID()}`;
}

/** The warnings of this package from now on. */
function listenToWarnings(): NodeJS.ErrnoException[] {
  const warnings: NodeJS.ErrnoException[] = [];
  const listener = (warning: NodeJS.ErrnoException) => warnings.push(warning);
  process.on('warning', listener);
  onTestFinished(() => void process.off('warning', listener));
  return warnings;
}

describe.each([
  ['is stopped', () => server.stop()],
  ['is killed with -9', () => server.kill()],
])('while the server %s', (_, end) => {
  it('users in memory are served for the grace, nobody is after it, and all is well when the server is back', async () => {
    const warnings = listenToWarnings();
    const url = storeUrl();
    const app = await startApp(url, '2s');
    await createUsers(app, 'known', 'stranger', 'changed');
    for (const name of ['known', 'changed']) expect(await app.status(`${name}:pw`)).toBe(200);
    expect(app.health()).toMatchObject({ state: 'up', reason: undefined });

    const endedAt = performance.now();
    await end();
    await app.until('grace');
    expect(app.health().reason).toMatch(/shutting down|terminat|has ended|ECONNRE/);
    const served = await app.get('known:pw');
    expect(served.status).toBe(200);
    expect(served.took).toBeLessThan(500);
    expect(await app.status('known:wrong')).toBe(401);
    const refused = await app.get('stranger:pw');
    expect(refused.status).toBe(503);
    expect(refused.took).toBeLessThan(500);
    expect(await app.status('nobody:pw')).toBe(503);
    await vi.waitFor(async () => expect(await app.status('known:pw')).toBe(503), { timeout: 4_000, interval: 50 });
    // The last look at the database was a third of a second ago at the most when it ended.
    expect(performance.now() - endedAt).toBeGreaterThan(1_600);

    await app.until('down');
    expect(app.health().reason).toMatch(/ECONNREFUSED/);
    for (const who of ['known:pw', 'known:wrong', 'stranger:pw']) {
      const { status, took } = await app.get(who);
      expect(status).toBe(503);
      expect(took).toBeLessThan(500);
    }

    await server.start();
    await app.until('up');
    expect(app.health().reason).toBeUndefined();
    for (const name of ['known', 'stranger', 'changed']) expect(await app.status(`${name}:pw`)).toBe(200);
    expect(await app.status('known:wrong')).toBe(401);
    await createUsers(app, 'new');
    expect(await app.status('new:pw')).toBe(200);
    const other = await startApp(url, '2s');
    for (const name of ['known', 'stranger', 'changed']) {
      await other.auth.users.update(name, { password: 'other' });
      // Sooner than the next look would find it.
      const isRefused = async () => expect(await app.status(`${name}:pw`)).toBe(401);
      await vi.waitFor(isRefused, { timeout: 150, interval: 5 });
      expect(await app.status(`${name}:other`)).toBe(200);
    }

    // While the database is on its way out, or back, one of the two ways to it may be there already, or still.
    expect(app.states.filter((state) => state !== 'degraded')).toEqual(['up', 'grace', 'down', 'up']);
    const codes = new Set(warnings.map(({ code }) => code));
    // None of the users is an admin, which is told a moment after the start.
    codes.delete('KAPACITOR_AUTH_NO_ADMIN');
    expect(codes).toEqual(new Set(['KAPACITOR_AUTH_STORE_DEGRADED', 'KAPACITOR_AUTH_STORE_UNAVAILABLE']));
    expect(warnings.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('users in memory are served on'),
    );
    for (const { message, stack } of warnings) {
      expect(`${message} ${stack}`).not.toMatch(/of-the-database|\$2b\$|\bpw\b|wrong/);
    }
  });
});

describe('with a grace of 0', () => {
  it('nobody is served any more within a second after the server is gone', async () => {
    const app = await startApp(storeUrl(), '0');
    await createUsers(app, 'known');
    expect(await app.status('known:pw')).toBe(200);
    await server.kill();
    const goneAt = performance.now();
    await vi.waitFor(async () => expect(await app.status('known:pw')).toBe(503), { timeout: 1_000, interval: 5 });
    await app.until('down', 1_000 - (performance.now() - goneAt));
    expect(app.states).not.toContain('grace');
    expect(await app.status('known:pw')).toBe(503);
    await server.start();
    await app.until('up');
    expect(await app.status('known:pw')).toBe(200);
  });
});

describe('an app that starts before its database', () => {
  it('answers 503, and works as soon as the database is there, though nobody makes a request', async () => {
    const url = storeUrl();
    await server.stop();
    const app = await startApp(url, '2s');
    await expect(app.auth.ready).rejects.toThrow(StoreError);
    const isDown = { state: 'down', reason: expect.stringContaining('ECONNREFUSED') };
    expect(app.health()).toMatchObject(isDown);
    const { status, took } = await app.get('known:pw');
    expect(status).toBe(503);
    expect(took).toBeLessThan(500);
    expect(app.health()).toMatchObject(isDown);
    await server.start();
    await app.until('up');
    expect(app.states).toEqual(['down', 'up'].slice(-app.states.length));
    await createUsers(app, 'known');
    expect(await app.status('known:pw')).toBe(200);
  });
});
