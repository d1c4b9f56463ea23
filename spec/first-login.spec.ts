import bcrypt from 'bcrypt';
import express from 'express';
import { type AuthConfig, kapacitorAuth, MemoryUserRepository } from 'kapacitor-auth';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Tarpit } from '../lib/authentication/tarpit.js';
import { OverloadedError, StoreError } from '../lib/errors.js';
import { FirstAdminSetup } from '../lib/users/first-admin.js';
import { PasswordPolicy } from '../lib/users/password-policy.js';
import type { CompleteUserRepository } from '../lib/users/repository.js';
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

  it('gets 503 with Retry-After, and not 401, after three seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
    const beforeLogin = vi.spyOn(FirstAdminSetup.prototype, 'beforeLogin');
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

  it('does not wait if the admin cannot be made without the operator', async () => {
    const { auth, login, letHash } = await start({ refusedPasswords: new Set([ADMIN.password]) });
    letHash();
    await expect(auth.ready).rejects.toMatchObject({ code: 'USER_INVALID' });
    expect((await login()).status).toBe(401);
  });
});

describe('the setup of the first admin', () => {
  function setUp(repository: CompleteUserRepository, minimumLength = 0) {
    const onFailure = vi.fn();
    const hash = vi.fn(async () => 'a hash');
    const setup = new FirstAdminSetup({
      repository,
      hasher: { hash },
      policy: new PasswordPolicy({ minimumLength }),
      admin: ADMIN,
      onCreated: vi.fn(),
      onMissing: vi.fn(),
      onFailure,
    });
    onTestFinished(() => setup.close());
    return { setup, hash, onFailure };
  }

  it('is not repeated after a mistake of the operator', async () => {
    vi.useFakeTimers();
    const { setup, onFailure } = setUp(new MemoryUserRepository(), 72);
    await expect(setup.run()).rejects.toMatchObject({ code: 'USER_INVALID' });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(onFailure).toHaveBeenCalledOnce();
  });

  it('lets logins wait while the store fails, for half a minute at most', async () => {
    vi.useFakeTimers();
    const repository = Object.assign(new MemoryUserRepository(), {
      hasAdmin: () => {
        throw new StoreError('the user store is unavailable');
      },
    });
    const { setup } = setUp(repository);
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

  it('lets logins wait while too many passwords wait, and releases them when it is closed', async () => {
    vi.useFakeTimers();
    const { setup, hash } = setUp(new MemoryUserRepository());
    hash.mockRejectedValue(new OverloadedError(1));
    await expect(setup.run()).rejects.toMatchObject({ code: 'OVERLOADED' });
    const waiting = setup.beforeLogin();
    expect(waiting).toBeInstanceOf(Promise);
    setup.close();
    await expect(waiting).resolves.toBeUndefined();
    expect(setup.beforeLogin()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not repeated when it fails after it was closed', async () => {
    vi.useFakeTimers();
    const { setup, hash } = setUp(new MemoryUserRepository());
    hash.mockImplementation(async () => {
      setup.close();
      throw new OverloadedError(1);
    });
    await expect(setup.run()).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(vi.getTimerCount()).toBe(0);
  });
});
