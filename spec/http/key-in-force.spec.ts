import bcrypt from 'bcrypt';
import express from 'express';
import { type KapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { newSecret } from '../../lib/users/secret-text.js';
import { createAuth } from '../support/auth.js';
import { holdBack } from '../support/hold-back.js';
import { serve } from '../support/server.js';
import { KEYS, USERS } from '../support/users-server.js';

const TASKS = '/kapacitor/v1/tasks';

/** An app behind one proxy that answers 299, with a key of the user `api`. */
async function setUp(store = new MemoryUserRepository()) {
  const auth = await createAuth({ auth: { store } });
  const app = express();
  app.set('trust proxy', 1);
  app.use(auth);
  app.use((req, res) => {
    res.status(299).json({ user: req.user, credential: auth.credentialOf(req) });
  });
  const { send } = await serve(app);
  const { key, id } = await auth.keys.create('api', { name: 'a' });
  const ask = (text = key, address = '192.0.2.1', path = TASKS) =>
    send({ path, headers: { authorization: `Bearer ${text}`, 'x-forwarded-for': address } });
  return { auth, store, send, key, id, ask };
}

beforeEach(() => {
  vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a key is no longer in force at the next request, also while it is cached', () => {
  it.each<[string, (auth: KapacitorAuth, id: string) => Promise<unknown>, number]>([
    ['when it is deleted', (auth, id) => auth.keys.delete('api', id), 401],
    ['when its owner is disabled', (auth) => auth.users.update('api', { enabled: false }), 401],
    ['when its owner is deleted', (auth) => auth.users.delete('api'), 401],
    [
      'when its owner is deleted and made again',
      async (auth) => {
        await auth.users.delete('api');
        await auth.users.create({ name: 'api', password: 'pw', type: 'admin' });
      },
      401,
    ],
    ['when its owner loses a permission', (auth) => auth.users.update('api', { permissions: ['write_points'] }), 403],
    ['but it is when its owner has another password', (auth) => auth.users.update('api', { password: 'other' }), 299],
  ])('%s', async (_when, change, status) => {
    const { auth, id, ask } = await setUp();
    expect([(await ask()).status, (await ask()).status]).toEqual([299, 299]);
    await change(auth, id);
    expect((await ask()).status).toBe(status);
  });

  it('when it is expired', async () => {
    const { auth, ask } = await setUp();
    const { key } = await auth.keys.create('api', { name: 'short', expires: '1h' });
    expect((await ask(key)).status).toBe(299);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    expect((await ask(key)).status).toBe(401);
    expect((await ask()).status).toBe(299);
  });
});

describe('a request with a key of less', () => {
  it('has a normal user with the permissions that both have, and tells its credential', async () => {
    const { auth, ask } = await setUp();
    const made = await auth.keys.create('root', { name: 'scraper', permissions: ['api'], expires: '90d' });
    const { status, body } = await ask(made.key);
    expect([status, body]).toEqual([
      299,
      {
        user: { name: 'root', type: 'normal', permissions: ['api'], enabled: true },
        credential: {
          kind: 'key',
          id: made.id,
          name: 'scraper',
          expires: made.expires?.toISOString(),
          permissions: ['api'],
        },
      },
    ]);
    expect((await ask(made.key, undefined, '/kapacitor/v1/config')).status).toBe(403);
    expect((await ask(made.key, undefined, '/%63onfig')).status).toBe(403);
  });

  it('manages no users, and gets more from none of the middlewares', async () => {
    const auth = await createAuth();
    const { key } = await auth.keys.create('root', { name: 'a', permissions: ['all'] });
    const app = express();
    app.use('/admin', auth.requireAdmin);
    app.use('/deletes', auth.requirePrivilege('delete', '/api/users'));
    app.use('/users', auth.usersRouter);
    app.use('/copy', auth.authenticate, (req, res) => res.json(auth.can({ ...req.user }, 'POST', USERS)));
    const { send } = await serve(app);
    const headers = { authorization: `Bearer ${key}` };
    const ask = async (method: string, path: string, body = '') => (await send({ method, path, headers, body })).status;
    expect([await ask('GET', '/admin'), await ask('GET', '/deletes')]).toEqual([403, 403]);
    expect(await ask('POST', '/users', '{"name":"x","password":"y"}')).toBe(403);
    for (const body of ['{"type":"normal"}', '{"permissions":[]}', '{"enabled":true}', '{"password":"x"}']) {
      expect(await ask('PATCH', '/users/root', body)).toBe(403);
    }
    expect([await ask('DELETE', '/users/api'), await ask('DELETE', '/users/root')]).toEqual([403, 403]);
    expect((await send({ path: '/copy', headers })).body).toBe(false);
  });
});

describe('a client that delays its body', () => {
  const CHANGED = { status: 403, body: { error: 'the user who asks has been changed meanwhile: ask again' } };

  it.each<[string, string, (auth: KapacitorAuth) => Promise<unknown>]>([
    ['a new password', 'api:pw', (auth) => auth.users.update('api', { password: 'other' })],
    ['a disabled user', 'api:pw', (auth) => auth.users.update('api', { enabled: false })],
    ['a deleted user', 'api:pw', (auth) => auth.users.delete('api')],
    ['a disabled admin', 'root:r00t', (auth) => auth.users.update('root', { enabled: false })],
  ])('makes no key for %s', async (_who, who, change) => {
    const { auth, finish } = await holdBack('POST', KEYS, who, '{"name":"late"}');
    await auth.users.create({ name: 'other', password: 'pw', type: 'admin' });
    await change(auth);
    expect(await finish()).toMatchObject(CHANGED);
    if (await auth.users.get('api')) expect(await auth.keys.list('api')).toEqual([]);
  });

  it('makes no key of another user for an admin who was demoted', async () => {
    const { auth, finish } = await holdBack('POST', KEYS, 'root:r00t', '{"name":"late"}');
    await auth.users.create({ name: 'other', password: 'pw', type: 'admin' });
    await auth.users.update('root', { type: 'normal' });
    const error = 'user root may not manage users: an admin is required';
    expect(await finish()).toMatchObject({ status: 403, body: { error } });
    expect(await auth.keys.list('api')).toEqual([]);
  });

  it('makes no user with a key that was deleted meanwhile', async () => {
    const store = new MemoryUserRepository();
    const before = await createAuth({ auth: { store } });
    const { id, key } = await before.keys.create('root', { name: 'a' });
    const { auth, finish } = await holdBack('POST', USERS, `root:${key}`, '{"name":"late","password":"pw"}', {
      auth: { store },
    });
    await auth.keys.delete('root', id);
    expect(await finish()).toMatchObject(CHANGED);
    expect(await auth.users.get('late')).toBeUndefined();
  });
});

describe('wrong keys', () => {
  it('cost no bcrypt, are throttled by address, and keep neither other addresses nor known clients out', async () => {
    const { send, ask } = await setUp();
    const here = { 'x-forwarded-for': '192.0.2.66' };
    const withPassword = (headers: Record<string, string>) => send({ path: TASKS, auth: 'config:pw', headers });
    await send({ path: TASKS, auth: 'api:pw', headers: here });
    const hashings = [vi.spyOn(bcrypt, 'compare'), vi.spyOn(bcrypt, 'hash')];
    const statuses = new Map<number, number>();
    for (let index = 0; index < 150; index += 1) {
      const { status } = await ask(newSecret('key').text, here['x-forwarded-for']);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses]).toEqual([
      [401, 100],
      [429, 50],
    ]);
    for (const hashing of hashings) expect(hashing).not.toHaveBeenCalled();
    expect((await withPassword(here)).status).toBe(429);
    expect((await ask()).status).toBe(299);
    expect((await send({ path: TASKS, auth: 'api:pw', headers: here })).status).toBe(299);
    expect((await withPassword({ 'x-forwarded-for': '192.0.2.67' })).status).toBe(403);
  });
});

describe('the last use of a key', () => {
  it.each<[string, () => never | Promise<never>]>([
    ['hangs', () => new Promise<never>(() => {})],
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
  ])('neither delays nor fails a request while its record %s', async (_what, answer) => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { store, ask } = await setUp();
    const recordUses = vi.spyOn(store.secrets, 'recordUses').mockImplementation(answer as never);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    expect((await ask()).status).toBe(299);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(recordUses).toHaveBeenCalledOnce();
    expect((await ask()).status).toBe(299);
  });

  it('is recorded once a minute', async () => {
    const { auth, store, ask } = await setUp();
    const recordUses = vi.spyOn(store.secrets, 'recordUses');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const start = Date.now();
    for (let second = 0; second < 90; second += 10) {
      await ask();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(recordUses).toHaveBeenCalledTimes(2);
    expect(await auth.keys.list('api')).toMatchObject([{ lastUsed: new Date(start + 60_000) }]);
  });
});
