import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import bcrypt from 'bcrypt';
import express from 'express';
import { type AuthConfig, MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { createAuth } from '../support/auth.js';
import { errorBody, serve } from '../support/server.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { USERS } from '../support/users-server.js';

const ROOT = 'root:a long password';
const NFC = 'caf\u00e9 au lait';
const NFD = 'cafe\u0301 au lait';

/** The users API with the rules that code has by default, and these besides. */
async function setUp(config: AuthConfig = {}) {
  const auth = await createAuth({ auth: { minimumPasswordLength: undefined, ...config } }, [
    { name: 'root', password: 'a long password', type: 'admin' },
    { name: 'someone', password: 'another password' },
  ]);
  const app = express();
  app.use(auth);
  const { send } = await serve(app);
  const create = (password: string, name = 'new') =>
    send({ method: 'POST', path: USERS, auth: ROOT, body: JSON.stringify({ name, password }) });
  const change = (password: string, who = ROOT) =>
    send({ method: 'PATCH', path: `${USERS}/someone`, auth: who, body: JSON.stringify({ password }) });
  /** Whether these let somebody in. */
  const letsIn = async (name: string, password: string) =>
    (await send({ path: `${USERS}/${name}`, auth: `${name}:${password}` })).status === 200;
  return { auth, create, change, letsIn };
}

describe('a new password', () => {
  it.each([
    ['7 letters', 'letters', 'password must be at least 8 characters'],
    ['7 emoji, which are 28 bytes', '😀'.repeat(7), 'password must be at least 8 characters'],
    ['nothing', '', 'password is required'],
    ['73 bytes', 'x'.repeat(73), 'password must be at most 72 bytes'],
    ['a control character', 'control\tcharacter', 'password must not contain control characters'],
    ['a surrogate alone', 'surrogate \ud800', 'password must be well-formed Unicode'],
    ['a refused one', 'correct horse', 'password is one of the refused passwords: choose another'],
  ])('with %s gets 400 from the users API, and is not set', async (_what, password, message) => {
    const { auth, create, change, letsIn } = await setUp({ refusedPasswords: new Set(['correct horse']) });
    const answers = [
      await create(password),
      await change(password),
      await change(password, 'someone:another password'),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(400);
      expect(body).toEqual(errorBody(message));
    }
    expect(await auth.users.get('new')).toBeUndefined();
    expect(await letsIn('someone', 'another password')).toBe(true);
  });

  it('equal to the username gets 400, in any case', async () => {
    const { create, change } = await setUp();
    for (const { status, body } of [await create('User-Name', 'user-name'), await create('user-name', 'USER-NAME')]) {
      expect(status).toBe(400);
      expect(body).toEqual(errorBody('password must not be the username'));
    }
    expect((await change('user-name')).status).toBe(200);
  });

  it.each([
    ['8 letters', '8letters'],
    ['8 emoji', '😀'.repeat(8)],
    ['72 bytes', 'x'.repeat(72)],
    ['blanks', ' '.repeat(8)],
  ])('with %s lets its user in', async (_what, password) => {
    const { create, letsIn } = await setUp();
    expect((await create(password)).status).toBe(200);
    expect(await letsIn('new', password)).toBe(true);
  });

  it('must have the configured length', async () => {
    const { auth, create } = await setUp({ minimumPasswordLength: 15 });
    expect((await create('fourteen chars')).body).toEqual(errorBody('password must be at least 15 characters'));
    await expect(auth.users.create({ name: 'new', password: 'fourteen chars' })).rejects.toMatchObject({
      code: 'USER_INVALID',
      message: 'password must be at least 15 characters',
    });
    expect((await create('fifteen letters')).status).toBe(200);
  });

  it('is looked up in a file of refused passwords', async () => {
    const path = join(temporaryFolder(), 'refused.txt');
    writeFileSync(path, 'correct horse\r\nbattery staple\r\n');
    const { create } = await setUp({ refusedPasswords: path });
    expect((await create('battery staple')).body).toEqual(
      errorBody('password is one of the refused passwords: choose another'),
    );
    expect((await create('battery horse')).status).toBe(200);
  });

  it('is looked up in a set of refused passwords, in every form', async () => {
    const { create } = await setUp({ refusedPasswords: new Set([NFD]) });
    for (const password of [NFC, NFD, 'caf\u00e9\u00a0au lait']) {
      expect((await create(password)).body).toEqual(
        errorBody('password is one of the refused passwords: choose another'),
      );
    }
  });

  it('gets 503 while the function of refused passwords fails, is not set, and the operator gets the reason', async () => {
    const failing = { is: false };
    const { auth, create, change, letsIn } = await setUp({
      refusedPasswords: async (password) => {
        if (failing.is) throw Object.assign(new Error(`no answer for ${password}`), { code: 'ENOTFOUND' });
        return false;
      },
    });
    failing.is = true;
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    for (const { status, body, text } of [await create('battery staple'), await change('battery staple')]) {
      expect(status).toBe(503);
      expect(body).toEqual(errorBody('the password could not be checked: try again later'));
      expect(text).not.toContain('battery');
    }
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      'the password could not be checked: try again later: refusedPasswords: Error ENOTFOUND',
      { type: 'KapacitorAuthWarning', code: 'KAPACITOR_AUTH_PASSWORD_CHECK_FAILED' },
    );
    expect(await auth.users.get('new')).toBeUndefined();
    expect(await letsIn('someone', 'another password')).toBe(true);
    failing.is = false;
    expect((await change('battery staple')).status).toBe(200);
    expect(await letsIn('someone', 'battery staple')).toBe(true);
  });
});

describe('an unreadable list of refused passwords', () => {
  it('keeps the app from starting', async () => {
    const path = join(temporaryFolder(), 'refused.txt');
    await expect(setUp({ refusedPasswords: path })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `[auth] refused-passwords: cannot read ${path}: there is no such file`,
    });
  });
});

describe('a password that keyboards encode differently', () => {
  it.each([
    ['composed', NFC],
    ['decomposed', NFD],
    ['with a no-break space', 'caf\u00e9\u00a0au lait'],
    ['with an ideographic space', 'cafe\u0301\u3000au lait'],
  ])('lets its user in from every keyboard, whether it was set %s', async (_what, password) => {
    const { create, letsIn } = await setUp();
    expect((await create(password)).status).toBe(200);
    for (const typed of [NFC, NFD, 'cafe\u0301\u00a0au\u3000lait'])
      expect(await letsIn('new', typed), typed).toBe(true);
    expect(await letsIn('new', 'cafe au lait')).toBe(false);
  });

  it('lets its user in as Kapacitor has hashed it, and afterwards in every form', async () => {
    const store = new MemoryUserRepository();
    const { letsIn } = await setUp({ store });
    const hash = await bcrypt.hash(NFD, 4);
    store.insert(userNamed('old', { hash }));
    expect(await letsIn('old', NFC)).toBe(false);
    expect(store.find('old')?.hash).toBe(hash);
    expect(await letsIn('old', NFD)).toBe(true);
    expect(await bcrypt.compare(NFC, store.find('old')?.hash as string)).toBe(true);
    expect(await letsIn('old', NFC)).toBe(true);
    expect(await letsIn('old', NFD)).toBe(true);
    expect(await letsIn('old', 'cafe au lait')).toBe(false);
  });
});
