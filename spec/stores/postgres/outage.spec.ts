import { randomUUID } from 'node:crypto';
import { StoreError } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { createUsers, type MeasuredApp, startApp } from '../../support/measured-app.js';
import { MuteProxy } from '../../support/mute-proxy.js';
import { ownPool } from '../../support/postgres-repository.js';
import { PostgresServer } from '../../support/postgres-server.js';

const DATABASE_PASSWORD = 'of-the-database';
/** Milliseconds. Without a grace no user is served from memory for longer. */
const TRUSTED_FOR = 900;
const NO_ANSWER = /timeout|no answer/;

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.create();
  await server.query(`CREATE ROLE app LOGIN SUPERUSER PASSWORD '${DATABASE_PASSWORD}'`);
});
beforeEach(() => server.start());
afterAll(() => server.remove());

/** A database that can be made not to answer. */
interface Database {
  readonly url: string;
  begin(): unknown;
  end(): unknown;
}

/** A database whose server ends in this way. */
function ownServer(stop: () => Promise<void>): Database {
  const url = `postgres://app:${DATABASE_PASSWORD}@127.0.0.1:${server.port}/postgres?schema=${randomUUID()}`;
  return { url, begin: stop, end: () => server.start() };
}

/** A database behind a network that loses every packet. */
async function behindSilentNetwork(): Promise<Database> {
  const proxy = await MuteProxy.before(inject('postgresUrl'));
  return { url: `${proxy.url}?schema=${randomUUID()}`, begin: () => proxy.mute(), end: () => proxy.passOnNew() };
}

/** A database in which another client locks the table. */
async function lockable(): Promise<Database> {
  const schema = randomUUID();
  const other = new pg.Client(inject('postgresUrl'));
  await other.connect();
  onTestFinished(() => other.end());
  return {
    url: `${inject('postgresUrl')}?schema=${schema}`,
    begin: () => other.query(`BEGIN; LOCK TABLE "${schema}".kapacitor_auth_users IN ACCESS EXCLUSIVE MODE`),
    end: () => other.query('ROLLBACK'),
  };
}

const FAULTS = [
  {
    fault: 'the server is stopped',
    database: () => ownServer(() => server.stop()),
    grace: '4s',
    reasons: { grace: /shutting down|terminat|has ended|ECONNRE/, down: /ECONNREFUSED/ },
  },
  {
    fault: 'the server is killed with -9',
    database: () => ownServer(() => server.kill()),
    grace: '4s',
    reasons: { grace: /shutting down|terminat|has ended|ECONNRE/, down: /ECONNREFUSED/ },
  },
  {
    fault: 'the network loses every packet',
    database: behindSilentNetwork,
    grace: '7s',
    reasons: { grace: NO_ANSWER, down: NO_ANSWER },
  },
  {
    fault: 'each statement waits for a lock',
    database: lockable,
    grace: '7s',
    reasons: { grace: NO_ANSWER, down: NO_ANSWER },
  },
];

/** Collects the warnings of the process from now on. */
function collectWarnings(): NodeJS.ErrnoException[] {
  const warnings: NodeJS.ErrnoException[] = [];
  const listener = (warning: NodeJS.ErrnoException) => warnings.push(warning);
  process.on('warning', listener);
  onTestFinished(() => void process.off('warning', listener));
  return warnings;
}

async function expectStatuses(app: MeasuredApp, expected: Readonly<Record<string, number>>): Promise<void> {
  for (const [who, status] of Object.entries(expected)) expect([who, await app.status(who)]).toEqual([who, status]);
}

describe.each(FAULTS)('while $fault', ({ database, grace, reasons }) => {
  it('users in memory are served for the grace and not after it, and everything works after the outage', {
    timeout: 60_000,
  }, async () => {
    const warnings = collectWarnings();
    const { url, begin, end } = await database();
    const app = await startApp(url, grace);
    await createUsers(app, 'known', 'stranger');
    await expectStatuses(app, { 'known:pw': 200 });
    expect(app.health()).toMatchObject({ state: 'up', reason: undefined });

    await begin();
    await app.until('grace');
    expect(app.health().reason).toMatch(reasons.grace);
    await expectStatuses(app, { 'known:pw': 200, 'known:wrong': 401, 'stranger:pw': 503, 'nobody:pw': 503 });

    await app.until('down');
    expect(app.health().reason).toMatch(reasons.down);
    await expectStatuses(app, { 'known:pw': 503, 'known:wrong': 503, 'stranger:pw': 503 });

    await end();
    await app.until('up');
    expect(app.health().reason).toBeUndefined();
    await expectStatuses(app, { 'known:pw': 200, 'known:wrong': 401, 'stranger:pw': 200 });
    await createUsers(app, 'new');
    await expectStatuses(app, { 'new:pw': 200 });
    const other = await startApp(url, grace);
    await other.auth.users.update('known', { password: 'other' });
    await vi.waitFor(() => expectStatuses(app, { 'known:pw': 401, 'known:other': 200 }), { interval: 5 });

    // Connections are not lost, and do not come back, all at once.
    const states = app.states.filter((state) => state !== 'degraded');
    expect(states.filter((state, index) => state !== states[index - 1])).toEqual(['up', 'grace', 'down', 'up']);
    const codes = new Set(warnings.map(({ code }) => code));
    codes.delete('KAPACITOR_AUTH_NO_ADMIN');
    // The table of counts may answer while that of the users does not.
    codes.delete('KAPACITOR_AUTH_LIMITS_NOT_SHARED');
    expect(codes).toEqual(new Set(['KAPACITOR_AUTH_STORE_DEGRADED', 'KAPACITOR_AUTH_STORE_UNAVAILABLE']));
    for (const { message, stack } of warnings) {
      expect(`${message} ${stack}`).not.toMatch(/of-the-database|\$2b\$|\bpw\b|wrong/);
    }
  });
});

describe.each([FAULTS[1], FAULTS[2]] as typeof FAULTS)('without a grace, while $fault', ({ database }) => {
  it('users in memory are served only while they are trusted, and everything works after the outage', async () => {
    const { url, begin, end } = await database();
    const app = await startApp(url, '0');
    await createUsers(app, 'known');
    await expectStatuses(app, { 'known:pw': 200 });
    await begin();
    const begunAt = performance.now();
    while (app.health().state !== 'down') {
      const sentAfter = performance.now() - begunAt;
      if ((await app.status('known:pw')) === 200) expect(sentAfter).toBeLessThan(TRUSTED_FOR);
    }
    expect(app.states).not.toContain('grace');
    await expectStatuses(app, { 'known:pw': 503 });
    await end();
    await app.until('up');
    await expectStatuses(app, { 'known:pw': 200 });
  });
});

describe.each([FAULTS[0], FAULTS[2]] as typeof FAULTS)('an app that starts while $fault', ({ database, reasons }) => {
  it('answers 503, and works after the outage without a request', async () => {
    const { url, begin, end } = await database();
    await begin();
    const app = await startApp(url, '2s');
    await expect(app.auth.ready).rejects.toThrow(StoreError);
    const isDown = { state: 'down', reason: expect.stringMatching(reasons.down) };
    expect(app.health()).toMatchObject(isDown);
    await expectStatuses(app, { 'known:pw': 503 });
    expect(app.health()).toMatchObject(isDown);
    await end();
    await app.until('up');
    expect(app.states).toEqual(['down', 'up'].slice(-app.states.length));
    await createUsers(app, 'known');
    await expectStatuses(app, { 'known:pw': 200 });
  });
});

describe('while the network loses every packet', () => {
  it('close() rejects requests under way, and does not wait for the network', async () => {
    const { url, begin } = await behindSilentNetwork();
    const app = await startApp(url, '3s');
    await createUsers(app, 'known');
    await expectStatuses(app, { 'known:pw': 200 });
    await begin();
    const requests = Array.from({ length: 20 }, (_, index) => app.status(`stranger${index}:pw`));
    // It is answered after they have reached the app.
    await app.status('known:pw');
    const closedAt = performance.now();
    await app.auth.close();
    expect(performance.now() - closedAt).toBeLessThan(2_500);
    expect(new Set(await Promise.all(requests))).toEqual(new Set([503]));
    await expectStatuses(app, { 'known:pw': 503 });
  });

  it('the only connection of the app’s pool is replaced, so that the app works once the network is back', async () => {
    const proxy = await MuteProxy.before(inject('postgresUrl'));
    const pool = ownPool(proxy.url, { max: 1, connectionTimeoutMillis: 2_000 });
    const app = await startApp(new PostgresUserRepository(pool, { schema: randomUUID() }), '0');
    await createUsers(app, 'known');
    await expectStatuses(app, { 'known:pw': 200 });
    proxy.mute();
    await app.until('down');
    await vi.waitFor(() => expect(pool.totalCount - pool.idleCount).toBe(1), { timeout: 10_000 });
    proxy.passOnNew();
    await app.until('up');
    await expectStatuses(app, { 'known:pw': 200 });
  });
});
