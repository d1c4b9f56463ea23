import bcrypt from 'bcrypt';
import express from 'express';
import { type AuthConfig, kapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { AdminSetup } from '../lib/admin-setup.js';
import { Tarpit } from '../lib/authentication/tarpit.js';
import { StoreError } from '../lib/errors.js';
import { PasswordPolicy } from '../lib/users/password-policy.js';
import { serve } from './support/server.js';

const ADMIN = { name: 'root', password: 'the first password' };

/** An app whose first admin is not made before the test lets its password be hashed. */
async function start(config: AuthConfig = {}) {
  let letHash = () => {};
  const held = new Promise<void>((resolve) => {
    letHash = resolve;
  });
  const { hash } = bcrypt;
  vi.spyOn(bcrypt, 'hash').mockImplementation((async (password: string, cost: number) => {
    await held;
    return hash(password, cost);
  }) as never);
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const auth = kapacitorAuth({ auth: { store: 'memory:', bcryptCost: 4, admin: ADMIN, ...config } });
  onTestFinished(() => auth.close());
  const { send } = await serve(express().use(auth));
  const login = (password = ADMIN.password) => send({ path: '/kapacitor/v1/me', auth: `${ADMIN.name}:${password}` });
  return { auth, login, letHash };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a login while the first admin is being made', () => {
  it('waits for it', async () => {
    const { login, letHash } = await start();
    const logins = [login(), login('wrong')];
    await vi.waitFor(() => expect(bcrypt.hash).toHaveBeenCalledOnce());
    letHash();
    expect((await Promise.all(logins)).map(({ status }) => status)).toEqual([200, 401]);
  });

  it('is told to come back where it takes too long, and not that the password is wrong', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(Tarpit.prototype, 'hold').mockImplementation((answer) => answer());
    const beforeLogin = vi.spyOn(AdminSetup.prototype, 'beforeLogin');
    const { login, letHash } = await start();
    const first = login();
    await vi.waitFor(() => expect(beforeLogin).toHaveBeenCalledOnce());
    await vi.advanceTimersByTimeAsync(3_000);
    const { status, headers, body } = await first;
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('5');
    expect(body.error).toBe('the first admin is being made: try again later');
    vi.useRealTimers();
    letHash();
    expect((await login()).status).toBe(200);
  });

  it('waits for nothing where the admin cannot be made by itself', async () => {
    const { auth, login, letHash } = await start({ refusedPasswords: new Set([ADMIN.password]) });
    letHash();
    await expect(auth.ready).rejects.toMatchObject({ code: 'USER_INVALID' });
    expect((await login()).status).toBe(401);
  });
});

describe('the setup of the first admin', () => {
  it('keeps logins waiting while the store fails, for half a minute at the most', async () => {
    vi.useFakeTimers();
    const repository = Object.assign(new MemoryUserRepository(), {
      hasAdmin: () => {
        throw new StoreError('the user store is unavailable');
      },
    });
    const setup = new AdminSetup({
      repository,
      hasher: { hash: async () => 'a hash' },
      policy: new PasswordPolicy({ minimumLength: 0 }),
      admin: ADMIN,
      onMade: vi.fn(),
      onMissing: vi.fn(),
      onFailure: vi.fn(),
    });
    onTestFinished(() => setup.close());
    await expect(setup.run()).rejects.toThrow(StoreError);
    const waiting = setup.beforeLogin();
    expect(waiting).toBeInstanceOf(Promise);
    await Promise.all([
      expect(waiting).rejects.toMatchObject({ code: 'OVERLOADED' }),
      vi.advanceTimersByTimeAsync(3_000),
    ]);
    expect(setup.beforeLogin()).toBeInstanceOf(Promise);
    vi.setSystemTime(Date.now() + 30_001);
    expect(setup.beforeLogin()).toBeUndefined();
  });
});
