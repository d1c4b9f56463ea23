import bcrypt from 'bcrypt';
import express from 'express';
import type { AuthConfig } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { API_USER, createAuth, ROOT } from '../support/auth.js';
import { serve } from '../support/server.js';

const CONNECTIONS = 200;
const KNOWN = Array.from({ length: 12 }, (_, index) => ({ ...API_USER, name: `known${index}` }));

async function setUp(config: AuthConfig = {}) {
  const auth = await createAuth({ auth: config }, [ROOT, API_USER, { ...API_USER, name: 'evil' }, ...KNOWN]);
  const app = express();
  app.use(auth);
  app.use((_req, res) => {
    res.status(299).end();
  });
  const { send } = await serve(app);
  const login = async (name: string) => (await send({ path: '/kapacitor/v1/tasks', auth: `${name}:pw` })).status;
  const patch = (name: string, change: object, who = `${name}:pw`) =>
    send({ method: 'PATCH', path: `/kapacitor/v1/users/${name}`, auth: who, body: JSON.stringify(change) });
  return { auth, send, login, patch };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the current password', () => {
  it('may accompany a new password, and is verified', async () => {
    const { patch } = await setUp();
    const wrong = await patch('api', { password: 'another', currentPassword: 'wrong' });
    expect(wrong).toMatchObject({ status: 403, body: { error: 'the current password is wrong' } });
    expect((await patch('api', { password: 'another', currentPassword: 'pw' })).status).toBe(200);
    expect((await patch('api', { password: 'third' }, 'api:another')).status).toBe(200);
  });

  it('is throttled like a login', async () => {
    vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    const { patch } = await setUp({ failureLimit: 3 });
    const guess = async (currentPassword: string) => (await patch('api', { password: 'new', currentPassword })).status;
    expect([await guess('1'), await guess('2'), await guess('3'), await guess('4')]).toEqual([403, 403, 403, 429]);
  });

  it('causes an audit event if it is wrong, and is in no event', async () => {
    const { auth, patch } = await setUp();
    const told: unknown[] = [];
    for (const event of ['login-failed', 'denied', 'user-operation-failed'] as const) {
      auth.on(event, (...details) => told.push([event, ...details]));
    }
    await patch('api', { password: 'new password', currentPassword: 'a wrong guess' });
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(told).toMatchObject([
      ['login-failed', { user: 'api', reason: 'wrong-password' }],
      ['user-operation-failed', { user: 'api', by: 'api', code: 'FORBIDDEN', reason: 'the current password is wrong' }],
      ['denied', { user: 'api', status: 403, reason: 'the current password is wrong' }],
    ]);
    expect(JSON.stringify(told)).not.toMatch(/new password|a wrong guess/);
  });

  it.each<[string, string, object, string]>([
    ['api', 'api:pw', { currentPassword: 'pw' }, 'currentPassword goes with a new password: add password'],
    ['api', 'api:pw', { password: 'new', currentPassword: 1 }, 'currentPassword must be a text, not a number'],
    [
      'api',
      'root:r00t',
      { password: 'new', currentPassword: 'pw' },
      "currentPassword is only for a change of one's own password: leave it out",
    ],
  ])('is refused if it proves nothing: %s by %s, %j', async (name, who, change, error) => {
    const { patch } = await setUp();
    expect(await patch(name, change, who)).toMatchObject({ status: 400, body: { error } });
  });

  it('is not needed while authentication is off', async () => {
    const { auth, patch } = await setUp();
    await auth.users.create({ name: 'ADMIN_USER', password: 'pw' });
    auth.authEnabled = false;
    expect((await patch('ADMIN_USER', { password: 'new', currentPassword: 'wrong' })).status).toBe(200);
  });
});

describe('a user who changes its own password repeatedly', () => {
  it('does not keep known users from logging in', async () => {
    // Fewer may wait than there are connections.
    const { login, patch } = await setUp({ bcryptCost: 6, hashingQueue: 20 });
    // They have logged in from there before, and are not in the cache any more.
    for (const { name } of KNOWN) await login(name);
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 600_001);
    expect(await login('evil')).toBe(299);
    const hash = vi.spyOn(bcrypt, 'hash');
    let isOver = false;
    const flood = Array.from({ length: CONNECTIONS }, async () => {
      while (!isOver) await patch('evil', { password: 'pw' });
    });
    expect(await Promise.all(KNOWN.map(({ name }) => login(name)))).toEqual(KNOWN.map(() => 299));
    isOver = true;
    await Promise.all(flood);
    expect(hash.mock.calls.length).toBeLessThanOrEqual(10);
  });

  describe('is refused', () => {
    beforeEach(() => {
      vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    });

    it('after ten times a minute, without a hash and without a look-up of refused passwords', async () => {
      const { patch } = await setUp();
      const hash = vi.spyOn(bcrypt, 'hash');
      for (let index = 0; index < 10; index += 1) expect((await patch('api', { password: 'pw' })).status).toBe(200);
      const { status, headers, body } = await patch('api', { password: 'pw' });
      expect(status).toBe(429);
      expect(headers['retry-after']).toMatch(/^(60|59)$/);
      expect(body.error).toMatch(/^too many changes of your password: try again in \d+ s$/);
      expect(hash).toHaveBeenCalledTimes(10);
      expect(Tarpit.prototype.hold).toHaveBeenCalledOnce();
      // Somebody else's doing is not limited by it.
      expect((await patch('api', { password: 'pw' }, 'root:r00t')).status).toBe(200);
    });

    it('at once, without a hash, if it may not make the change', async () => {
      const { patch } = await setUp();
      const hash = vi.spyOn(bcrypt, 'hash');
      for (const change of [{ permissions: ['all'] }, { type: 'admin' }, { enabled: false }]) {
        expect((await patch('api', { password: 'pw', ...change })).status).toBe(403);
      }
      expect(hash).not.toHaveBeenCalled();
    });
  });

  it('is limited in code as well, if the app names the user', async () => {
    const { auth } = await setUp();
    const own = auth.users.by({ by: 'api' });
    for (let index = 0; index < 10; index += 1) await own.update('api', { password: 'pw' });
    await expect(own.update('api', { password: 'pw' })).rejects.toMatchObject({ code: 'THROTTLED' });
    // Neither what takes no hash, nor what it does to others.
    await own.update('api', { permissions: [] });
    await own.update('evil', { password: 'pw' });
    await auth.users.update('api', { password: 'pw' });
  });
});
