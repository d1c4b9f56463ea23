import { kapacitorAuth, MemoryUserRepository, type StoreSettings } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { createAuth, ROOT } from './support/auth.js';
import { ownSchema } from './support/postgres-repository.js';

/** A repository that says how it is when it is told to. */
function reportingStore() {
  let settings: StoreSettings | undefined;
  const store = Object.assign(new MemoryUserRepository(), {
    open: (given: StoreSettings) => {
      settings = given;
    },
  });
  return { store, settings: () => settings as StoreSettings };
}

const nextTurn = () => new Promise(setImmediate);

describe('the health of the store', () => {
  it('is up if the repository has no open()', async () => {
    const auth = await createAuth();
    expect(auth.health()).toEqual({ store: { state: 'up', since: expect.any(Date), reason: undefined } });
  });

  it('is what the repository reports, and an event follows each change while it has a listener', async () => {
    const { store, settings } = reportingStore();
    const auth = await createAuth({ auth: { store } });
    await auth.ready;
    const listener = vi.fn();
    expect(auth.on('store-state', listener)).toBe(auth);
    settings().report('grace', 'gone');
    await nextTurn();
    expect(auth.health().store).toMatchObject({ state: 'grace', reason: 'gone' });
    expect(listener.mock.calls).toEqual([[auth.health().store]]);
    expect(auth.off('store-state', listener)).toBe(auth);
    settings().report('up');
    await nextTurn();
    expect(auth.health().store.state).toBe('up');
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('is down when the middleware is closed', async () => {
    const auth = await createAuth();
    await auth.close();
    expect(auth.health().store).toMatchObject({ state: 'down', reason: 'the user store is closed' });
  });

  it('causes a warning while the store works in part', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const degraded = reportingStore();
    const inGrace = reportingStore();
    for (const { store } of [degraded, inGrace]) await (await createAuth({ auth: { store } })).ready;
    degraded.settings().report('degraded', 'deaf');
    inGrace.settings().report('grace', 'gone');
    const warning = { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_STORE_DEGRADED' };
    expect(warnings.mock.calls).toEqual([
      ['the user store works only in part: deaf', warning],
      [
        'the user store does not answer: gone. Users in memory can log in for as long as [auth] store-grace says',
        warning,
      ],
    ]);
  });
});

describe('store-grace', () => {
  it.each([
    ['its default', {}, 60_000],
    ['what code says', { storeGrace: '5s' }, 5_000],
  ])('reaches a repository of the app’s own: %s', async (_, grace, expected) => {
    const { store, settings } = reportingStore();
    await (await createAuth({ auth: { store, ...grace } })).ready;
    expect(settings().grace).toBe(expected);
  });
});

describe('a store in PostgreSQL', () => {
  it('is opened by its URL, and its password is never shown', async () => {
    const url = ownSchema();
    const auth = await createAuth({ auth: { store: url } });
    expect(auth.health().store.state).toBe('up');
    expect(auth.config.auth.store).toBe(url.replace(':password@', '@'));
    expect(await auth.users.get(ROOT.name)).toMatchObject({ name: ROOT.name, type: 'admin' });
  });

  it('may be a repository with the app’s own pool', async () => {
    const pool = new pg.Pool({ connectionString: inject('postgresUrl') });
    const store = new PostgresUserRepository(pool, { schema: 'of the app', table: 'Its "users"' });
    onTestFinished(async () => {
      await store.close();
      await pool.end();
    });
    const auth = await createAuth({ auth: { store } });
    expect(await auth.users.get(ROOT.name)).toMatchObject({ name: ROOT.name, type: 'admin' });
  });

  it('is refused with invalid parameters', () => {
    expect(() => kapacitorAuth({ auth: { store: 'postgres://host/database?max=none' } })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: 'postgres://…?max= must be an integer from 1 to 9999',
      }),
    );
  });
});
