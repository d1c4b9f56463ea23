import express from 'express';
import { MemoryUserRepository, type UserRepository } from 'kapacitor-auth';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAuth } from './support/auth.js';
import { basic, serve } from './support/server.js';
import { cookieOf, post } from './support/signed-in.js';
import { handmadeToken, inSeconds, SECRET } from './support/tokens.js';

afterEach(() => {
  vi.useRealTimers();
});

async function setUp({ store = new MemoryUserRepository() as UserRepository, recordLogins = true } = {}) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  const record = store.logins && vi.spyOn(store.logins, 'record');
  const auth = await createAuth({ http: { sessions: true, sharedSecret: SECRET }, auth: { store, recordLogins } });
  onTestFinished(() => auth.close());
  const { send, port } = await serve(
    express()
      .use(auth)
      .use((_req, res) => void res.status(299).end()),
  );
  const passMinute = () => vi.advanceTimersByTimeAsync(60_000);
  const last = async () => (await auth.users.lastLogins(['api'])).get('api')?.getTime();
  return { auth, send, port, record, passMinute, last };
}

describe('the last login', () => {
  it('is recorded for every kind of credential, once a minute, also from the cache', async () => {
    const { auth, send, port, record, passMinute, last } = await setUp();
    const { key } = await auth.keys.create('api', { name: 'k' });
    const cookie = cookieOf(await post(send, 'api', 'pw'));
    const token = handmadeToken({ username: 'api', exp: inSeconds(3_600_000) });
    const all: readonly (() => Promise<unknown>)[] = [
      () => send({ path: '/x', headers: { Authorization: basic('api:pw') } }),
      () => send({ path: '/x', headers: { Authorization: `Bearer ${key}` } }),
      () => send({ path: '/x', headers: { Authorization: `Bearer ${token}` } }),
      () => send({ path: '/x', headers: { Cookie: cookie, Origin: `http://127.0.0.1:${port}` } }),
      () => post(send, 'api', 'pw'),
      () => auth.verify(basic('api:pw'), { from: '192.0.2.1' }),
      () => auth.verify({ name: 'api', password: 'pw' }, { from: '192.0.2.1' }),
    ];
    await passMinute();
    for (const logIn of [...all, ...all]) {
      const before = Date.now();
      record?.mockClear();
      await logIn();
      await logIn();
      await passMinute();
      expect(record?.mock.calls).toEqual([[[{ name: 'api', ago: 1_000 }]]]);
      expect(await last()).toBe(before);
    }
  });

  it.each(['password', 'key'])('is recorded at the first login with a %s', async (kind) => {
    const { auth, send, passMinute, last } = await setUp();
    const { key } = await auth.keys.create('api', { name: 'k' });
    const time = Date.now();
    await send({ path: '/x', headers: { Authorization: kind === 'key' ? `Bearer ${key}` : basic('api:pw') } });
    await passMinute();
    expect(await last()).toBe(time);
  });

  it('is none of wrong credentials, and none of a user who is not let in', async () => {
    const { auth, send, passMinute, last } = await setUp();
    await send({ path: '/x', auth: 'api:wrong' });
    await auth.users.update('api', { enabled: false });
    await send({ path: '/x', auth: 'api:pw' });
    await passMinute();
    expect(await last()).toBeUndefined();
  });

  it('is not recorded while it is switched off, and while authentication is', async () => {
    for (const recordLogins of [true, false]) {
      const { auth, send, record, passMinute } = await setUp({ recordLogins });
      if (recordLogins) vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
      if (recordLogins) auth.authEnabled = false;
      expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(299);
      await passMinute();
      expect(record).not.toHaveBeenCalled();
    }
  });

  it('is lost in silence if the store fails, and needs a store that keeps it', async () => {
    const { send, record, passMinute } = await setUp();
    record?.mockRejectedValueOnce(new Error('down') as never);
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await send({ path: '/x', auth: 'api:pw' });
    await passMinute();
    expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(299);
    const { find, list, insert, replace, remove } = MemoryUserRepository.prototype;
    const inner = new MemoryUserRepository();
    const bare = {
      ...{ find: find.bind(inner), list: list.bind(inner), insert: insert.bind(inner) },
      ...{ replace: replace.bind(inner), remove: remove.bind(inner) },
    };
    const auth = await createAuth({ auth: { store: bare } });
    expect(await auth.verify({ name: 'api', password: 'pw' }, { from: '192.0.2.1' })).toBeDefined();
    expect(await auth.users.lastLogins(['api'])).toEqual(new Map());
  });
});
