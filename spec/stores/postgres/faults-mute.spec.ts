import { randomUUID } from 'node:crypto';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { createUsers, startApp } from '../../support/measured-app.js';
import { MuteProxy } from '../../support/mute-proxy.js';

/** Milliseconds. A change is in force this long after it at the latest, whatever becomes of notifications. */
const IN_FORCE_WITHIN = 1_000;

describe('when all connections go mute', () => {
  it('users in memory are served for the grace, and all is well when new connections come through', async () => {
    const proxy = await MuteProxy.before(inject('postgresUrl'));
    const app = await startApp(`${proxy.url}?schema=${randomUUID()}`, '3s');
    await createUsers(app, 'known', 'stranger', 'later');
    // So that there are idle connections to stumble over later.
    expect(await Promise.all(Array.from({ length: 10 }, (_, index) => app.status(`nobody${index}:pw`)))).toContain(401);
    expect(await app.status('known:pw')).toBe(200);

    proxy.mute();
    const mutedAt = performance.now();
    const answers: (readonly [who: string, sentAfter: number, status: number])[] = [];
    const ask = async (who: string) => {
      const sentAfter = performance.now() - mutedAt;
      answers.push([who, sentAfter, await app.status(who)]);
    };
    while (app.health().state !== 'down') await Promise.all(['known:pw', 'known:wrong', 'stranger:pw'].map(ask));
    for (const [who, sentAfter, status] of answers) {
      if (who === 'stranger:pw') expect(status).toBe(503);
      if (who === 'known:wrong') expect([401, 503]).toContain(status);
      if (who === 'known:pw' && sentAfter < 1_500) expect(status).toBe(200);
    }
    expect(app.states).toEqual(expect.arrayContaining(['up', 'grace', 'down']));
    expect(app.health().reason).toMatch(/timeout|no answer/);
    for (const who of ['known:pw', 'stranger:pw']) {
      const { status, took } = await app.get(who);
      expect(status).toBe(503);
      expect(took).toBeLessThan(500);
    }

    proxy.passOnNew();
    await app.until('up');
    for (const name of ['known', 'stranger', 'later']) expect(await app.status(`${name}:pw`)).toBe(200);
  });

  it('and there is no grace, nobody is served any more after a second', async () => {
    const proxy = await MuteProxy.before(inject('postgresUrl'));
    const app = await startApp(`${proxy.url}?schema=${randomUUID()}`, '0');
    await createUsers(app, 'known');
    expect(await app.status('known:pw')).toBe(200);
    proxy.mute();
    const mutedAt = performance.now();
    let served = 0;
    while (app.health().state !== 'down') {
      const sentAfter = performance.now() - mutedAt;
      if ((await app.status('known:pw')) !== 200) continue;
      served += 1;
      expect(sentAfter).toBeLessThan(IN_FORCE_WITHIN);
    }
    expect(served).toBeGreaterThan(0);
    expect(app.states).not.toContain('grace');
  });

  it('close() answers what is under way, and does not wait for the network', async () => {
    const proxy = await MuteProxy.before(inject('postgresUrl'));
    const app = await startApp(`${proxy.url}?schema=${randomUUID()}`, '3s');
    await createUsers(app, 'known');
    expect(await app.status('known:pw')).toBe(200);
    proxy.mute();
    const requests = Array.from({ length: 20 }, (_, index) => app.status(`stranger${index}:pw`));
    // Sent after them: they are under way.
    expect(await app.status('known:pw')).toBe(200);
    const closedAt = performance.now();
    await app.auth.close();
    expect(performance.now() - closedAt).toBeLessThan(2_500);
    expect(new Set(await Promise.all(requests))).toEqual(new Set([503]));
    expect(await app.status('known:pw')).toBe(503);
  });

  it('an app that starts then answers 503 in time, and works when the network is back', async () => {
    const proxy = await MuteProxy.before(inject('postgresUrl'));
    proxy.mute();
    const app = await startApp(`${proxy.url}?schema=${randomUUID()}`, '3s');
    expect(await app.status('known:pw')).toBe(503);
    expect(app.health()).toMatchObject({ state: 'down', reason: expect.stringMatching(/timeout|no answer/) });
    proxy.passOnNew();
    await app.until('up');
    await createUsers(app, 'known');
    expect(await app.status('known:pw')).toBe(200);
  });

  it('a pool of the app’s own, in which every connection hangs, is no obstacle afterwards', async () => {
    const proxy = await MuteProxy.before(inject('postgresUrl'));
    const pool = new pg.Pool({ connectionString: proxy.url, max: 1, connectionTimeoutMillis: 2_000 });
    onTestFinished(() => void pool.end());
    const app = await startApp(new PostgresUserRepository(pool, { schema: randomUUID() }), '0');
    await createUsers(app, 'known');
    expect(await app.status('known:pw')).toBe(200);
    proxy.mute();
    await app.until('down');
    await vi.waitFor(() => expect(pool.totalCount - pool.idleCount).toBe(1), { timeout: 10_000 });
    proxy.passOnNew();
    await app.until('up', 5_000);
    expect(await app.status('known:pw')).toBe(200);
  });
});
