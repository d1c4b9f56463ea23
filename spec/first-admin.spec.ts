import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import express from 'express';
import { type KapacitorAuthConfig, kapacitorAuth, MemoryUserRepository, type UserCreated } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createAuth, ROOT } from './support/auth.js';
import { serve } from './support/server.js';
import { temporaryFolder } from './support/temporary-folder.js';

const NAME = 'KAPACITOR_AUTH_ADMIN_USERNAME';
const PASSWORD = 'KAPACITOR_AUTH_ADMIN_PASSWORD';
const PASSWORD_FILE = 'KAPACITOR_AUTH_ADMIN_PASSWORD_FILE';

function start(config: KapacitorAuthConfig['auth'] = {}, file?: string) {
  const settings = { auth: { bcryptCost: 4, ...config } };
  const auth = file === undefined ? kapacitorAuth(settings) : kapacitorAuth(file, settings);
  onTestFinished(() => auth.close());
  return auth;
}

const namesIn = async (auth: ReturnType<typeof start>) =>
  (await auth.users.list()).map(({ name, type }) => ({ name, type }));
const heard = () => vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
const wordsOf = (warnings: ReturnType<typeof heard>, code: string) =>
  warnings.mock.calls
    .filter(([, options]) => (options as unknown as { code: string }).code === code)
    .map(([message]) => message);

describe('the first admin', () => {
  it('is made from the environment when the store has none, causes an event, and logs in', async () => {
    vi.stubEnv(NAME, 'exampleUsername');
    vi.stubEnv(PASSWORD, 'examplePassword');
    const auth = start({ store: 'memory:' });
    const created: UserCreated[] = [];
    auth.on('user-created', (event) => created.push(event));
    await auth.ready;
    const { send } = await serve(express().use(auth));
    const answer = await send({ path: '/kapacitor/v1/users', auth: 'exampleUsername:examplePassword' });
    expect(answer.body.users).toMatchObject([{ name: 'exampleUsername', type: 'admin' }]);
    expect(created).toMatchObject([{ user: { name: 'exampleUsername', type: 'admin' }, time: expect.any(Date) }]);
    expect(JSON.stringify([created, auth.config])).not.toContain('examplePassword');
  });

  it('is made with a container’s secret, which may be removed once there is an admin', async () => {
    const folder = temporaryFolder();
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'a secret of a container\n');
    vi.stubEnv(NAME, 'first');
    vi.stubEnv(PASSWORD_FILE, secret);
    const store = `sqlite:${join(folder, 'users.db')}`;
    const auth = start({ store });
    await auth.ready;
    const { send } = await serve(express().use(auth));
    expect((await send({ path: '/kapacitor/v1/me', auth: 'first:a secret of a container' })).status).toBe(200);
    await auth.close();
    rmSync(secret);
    const again = start({ store });
    await again.ready;
    expect(await namesIn(again)).toEqual([{ name: 'first', type: 'admin' }]);
  });

  it('is made from code', async () => {
    const auth = start({ store: 'memory:', admin: { name: 'first', password: 'examplePassword' } });
    await auth.ready;
    expect(await namesIn(auth)).toEqual([{ name: 'first', type: 'admin' }]);
  });

  it('is not made when there is an admin, and no password changes', async () => {
    const store = new MemoryUserRepository();
    await createAuth({ auth: { store } }, [ROOT]);
    const before = store.find(ROOT.name);
    const auth = start({ store, admin: { name: ROOT.name, password: 'another password' } });
    await auth.ready;
    expect(store.find(ROOT.name)).toBe(before);
  });

  it('is one of two when two processes with different names start at once', async () => {
    const store = `sqlite:${temporaryFolder()}/users.db`;
    const starting = ['a', 'b', 'c', 'd'].map((name) => start({ store, admin: { name, password: 'examplePassword' } }));
    await Promise.all(starting.map(({ ready }) => ready));
    expect(await namesIn(starting[0] as ReturnType<typeof start>)).toHaveLength(1);
  });

  it('is made when a store that failed to open at the start opens later', async () => {
    const warnings = heard();
    let isThere = false;
    const store = Object.assign(new MemoryUserRepository(), {
      open: () => {
        if (!isThere) throw new Error('not there yet');
      },
    });
    const auth = start({ store, admin: { name: 'first', password: 'examplePassword' } });
    await expect(auth.ready).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    isThere = true;
    await expect.poll(() => store.find('first')?.type, { timeout: 5_000 }).toBe('admin');
    expect(wordsOf(warnings, 'KAPACITOR_AUTH_NO_ADMIN')).toEqual([]);
  });

  it('is made at the next attempt, also if authentication is switched on meanwhile', async () => {
    const store = Object.assign(new MemoryUserRepository(), { open: vi.fn() });
    store.open.mockRejectedValueOnce(new Error('not there yet'));
    const auth = start({ store, admin: { name: 'first', password: 'examplePassword' } });
    await expect(auth.ready).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    // The next attempt is a second away.
    await setTimeout(100);
    auth.authEnabled = true;
    await expect.poll(() => store.find('first')?.type, { timeout: 5_000 }).toBe('admin');
  });

  it('is made when the check of refused passwords works again', async () => {
    const warnings = heard();
    let isThere = false;
    const store = new MemoryUserRepository();
    const refusedPasswords = async () => {
      if (!isThere) throw new Error('no answer');
      return false;
    };
    const auth = start({ store, refusedPasswords, admin: { name: 'first', password: 'examplePassword' } });
    await expect(auth.ready).rejects.toMatchObject({ code: 'PASSWORD_CHECK_FAILED' });
    isThere = true;
    await expect.poll(() => store.find('first')?.type, { timeout: 5_000 }).toBe('admin');
    expect(wordsOf(warnings, 'KAPACITOR_AUTH_NO_ADMIN')).toEqual([
      'there is no admin: the password could not be checked: try again later',
    ]);
  });

  it('is not made with a password that is not acceptable, and the error says why', async () => {
    const warnings = heard();
    const refused = new Set(['examplePassword']);
    const auth = start({
      store: 'memory:',
      refusedPasswords: refused,
      admin: { name: 'first', password: 'examplePassword' },
    });
    const problem = 'the first admin cannot be made: password is one of the refused passwords: choose another';
    await expect(auth.ready).rejects.toMatchObject({ code: 'USER_INVALID', message: problem });
    expect(await namesIn(auth)).toEqual([]);
    expect(wordsOf(warnings, 'KAPACITOR_AUTH_NO_ADMIN')).toEqual([`there is no admin: ${problem}`]);
  });

  it('is not made when the secret is missing, and the error names the file', async () => {
    const warnings = heard();
    const auth = start({ store: 'memory:', admin: { name: 'first', passwordFile: '/run/secrets/none' } });
    await expect(auth.ready).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(wordsOf(warnings, 'KAPACITOR_AUTH_NO_ADMIN')).toEqual([expect.stringContaining('/run/secrets/none')]);
  });

  it('does not take the name of another user', async () => {
    heard();
    const store = new MemoryUserRepository();
    await createAuth({ auth: { store } }, [{ name: 'first', password: 'pw' }]);
    const auth = start({ store, admin: { name: 'first', password: 'examplePassword' } });
    await expect(auth.ready).rejects.toThrow('first cannot become the first admin');
    expect(store.find('first')?.type).toBe('normal');
  });
});

describe('the warning about a missing admin', () => {
  const A_MOMENT = 1_000;

  /** What is said a moment after the start. */
  const saidBy = async (begin: () => ReturnType<typeof start> | Promise<ReturnType<typeof start>>) => {
    const warnings = heard();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const auth = await begin();
    await auth.ready;
    expect(wordsOf(warnings, 'KAPACITOR_AUTH_NO_ADMIN')).toEqual([]);
    await vi.advanceTimersByTimeAsync(A_MOMENT);
    return wordsOf(warnings, 'KAPACITOR_AUTH_NO_ADMIN');
  };

  it('has the command that makes an admin', async () => {
    const folder = temporaryFolder();
    expect(await saidBy(() => start({ store: `sqlite:${folder}/users.db` }))).toEqual([
      `there is no admin, so nobody can manage users. To make one: npx kapacitor-auth user add admin --type admin --store sqlite:${folder}/users.db`,
    ]);
  });

  it('has the config file, quoted for a shell', async () => {
    const file = join(temporaryFolder(), "it's mine.conf");
    writeFileSync(file, '[http]\nauth-enabled = true\n[auth]\nenabled = true\nstore = "sqlite:./users.db"\n');
    expect(await saidBy(() => start({}, file))).toEqual([
      `there is no admin, so nobody can manage users. To make one: npx kapacitor-auth user add admin --type admin --config '${file.replace("'", "'\\''")}'`,
    ]);
  });

  it('has the store as well, if the file leads to another one', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'kapacitor.conf');
    writeFileSync(file, '[http]\nauth-enabled = true\n[auth]\nenabled = true\nstore = "sqlite:./users.db"\n');
    vi.stubEnv('KAPACITOR_AUTH_STORE', `sqlite:${folder}/others.db`);
    expect(await saidBy(() => start({}, file))).toEqual([
      `there is no admin, so nobody can manage users. To make one: npx kapacitor-auth user add admin --type admin --config ${file} --store sqlite:${folder}/others.db`,
    ]);
  });

  it('has the store, if the file has a problem of its own', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'kapacitor.conf');
    writeFileSync(file, '[http]\nauth-enabled = true\n[auth]\nstore = "sqlite:./users.db"\n');
    vi.stubEnv('KAPACITOR_AUTH_ENABLED', 'true');
    expect(await saidBy(() => start({}, file))).toEqual([
      `there is no admin, so nobody can manage users. To make one: npx kapacitor-auth user add admin --type admin --config ${file} --store sqlite:${folder}/users.db`,
    ]);
  });

  it.each([
    ['in memory', () => 'memory:' as const],
    ['the app’s own', () => new MemoryUserRepository()],
  ])('has the code to write, if the store is %s and no command can reach it', async (_, store) => {
    expect(await saidBy(() => start({ store: store() }))).toEqual([
      "there is no admin, so nobody can manage users. To make one: await auth.users.create({ name: 'admin', password: '…', type: 'admin' })  in the app's code",
    ]);
  });

  it('comes when authentication is switched on, and not before', async () => {
    const auth = await createAuth({ http: { authEnabled: false } }, []);
    const warnings = heard();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    auth.authEnabled = true;
    await vi.advanceTimersByTimeAsync(A_MOMENT);
    expect(wordsOf(warnings, 'KAPACITOR_AUTH_NO_ADMIN')).toHaveLength(1);
  });

  it.each<[string, KapacitorAuthConfig, (typeof ROOT)[]]>([
    ['an app makes its users when it starts', {}, [ROOT]],
    ['authentication is off', { http: { authEnabled: false } }, []],
    ['there are no users at all', { http: { authEnabled: false }, auth: { enabled: false } }, []],
  ])('does not come when %s', async (_, config, users) => {
    const looks = vi.spyOn(MemoryUserRepository.prototype, 'hasAdmin');
    expect(await saidBy(() => createAuth(config, users))).toEqual([]);
    expect(looks).toHaveBeenCalledTimes(config.auth?.enabled === false ? 0 : 1);
  });

  it('comes when the store works again after a failure at the start', async () => {
    const store = Object.assign(new MemoryUserRepository(), { open: vi.fn() });
    store.open.mockRejectedValueOnce(new Error('not there yet'));
    const warnings = heard();
    const auth = start({ store });
    await expect(auth.ready).rejects.toThrow('unavailable');
    await expect.poll(() => wordsOf(warnings, 'KAPACITOR_AUTH_NO_ADMIN').length, { timeout: 5_000 }).toBe(1);
  });

  it('does not come from a middleware that was closed meanwhile', async () => {
    const closed = async () => {
      const auth = start({ store: 'memory:' });
      await auth.close();
      return auth;
    };
    expect(await saidBy(closed)).toEqual([]);
  });
});
