import bcrypt from 'bcrypt';
import express from 'express';
import { MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { importUsers } from '../../lib/transfer/import-users.js';
import { createFirstAdmin } from '../../lib/users/first-admin.js';
import { PasswordPolicy } from '../../lib/users/password-policy.js';
import { createAuth } from '../support/auth.js';
import { invalidUser } from '../support/failure.js';
import { serve } from '../support/server.js';
import { userNamed } from '../support/stored-user.js';
import { createUserService } from '../support/user-service.js';
import { USERS } from '../support/users-server.js';
import { fileWith, HASH, openUsers } from '../transfer/files.js';

const INVISIBLE = ['\u115f', '\u1160', '\u3164', '\uffa0', '\u{13441}', '\u{13442}'];
const codeOf = (letter: string) => `U+${letter.codePointAt(0)?.toString(16).toUpperCase()}`;
const refusal = (letter: string) => `username must not contain invisible letters: ${codeOf(letter)}`;

describe.each(INVISIBLE.map((letter) => [codeOf(letter), letter] as const))('a new name with %s', (_code, letter) => {
  it.each([`root${letter}`, `ro${letter}ot`, letter])('is refused: %j', async (name) => {
    const { users, hasher } = createUserService();
    await expect(users.create({ name, password: 'p' })).rejects.toThrow(invalidUser(refusal(letter)));
    expect(hasher.hash).not.toHaveBeenCalled();
  });

  it('is refused for the first admin', async () => {
    const { hasher } = createUserService();
    const repository = new MemoryUserRepository();
    const policy = new PasswordPolicy({ minimumLength: 0 });
    const admin = { name: `root${letter}`, password: 'p' };
    await expect(createFirstAdmin({ repository, hasher, policy }, admin)).rejects.toThrow(
      invalidUser(`the first admin cannot be made: ${refusal(letter)}`),
    );
  });

  it('is left out of an import', async () => {
    const repository = new MemoryUserRepository();
    const file = await openUsers(fileWith(`root${letter}:${HASH}\nstan:${HASH}\n`), { format: 'htpasswd' });
    const { added, refused } = await importUsers(file, repository);
    expect(added).toBe(1);
    expect(refused.users).toEqual([{ name: `root${letter}`, refusal: refusal(letter) }]);
    expect(repository.find(`root${letter}`)).toBeUndefined();
  });
});

it('no other letter is default-ignorable', () => {
  const ignorable: string[] = [];
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const letter = String.fromCodePoint(code);
    if (/\p{L}/u.test(letter) && /\p{Default_Ignorable_Code_Point}/u.test(letter)) ignorable.push(letter);
  }
  expect(ignorable).toEqual(INVISIBLE.slice(0, 4));
});

describe('a visible letter', () => {
  it.each(['한글', 'ㄱ', 'ﾡ', 'ー', 'ʼ', 'ـ', '𓀀'])('may be in a new name: %s', async (name) => {
    const { users } = createUserService();
    expect(await users.create({ name, password: 'p' })).toMatchObject({ name });
  });
});

describe('a user who already has such a name', () => {
  it('can log in, be shown and changed, and be the configured admin', async () => {
    const name = 'root\u3164';
    const store = new MemoryUserRepository();
    store.insert(userNamed(name, { type: 'admin', hash: await bcrypt.hash('pw', 4) }));
    const auth = await createAuth({ auth: { store, admin: { name, password: 'pw' } } }, []);
    await auth.ready;
    const { send } = await serve(express().use(auth));
    const path = `${USERS}/${encodeURIComponent(name)}`;
    expect((await send({ path, auth: `${name}:pw` })).body).toMatchObject({ name, type: 'admin' });
    const body = JSON.stringify({ name, password: 'other' });
    expect((await send({ method: 'PATCH', path, auth: `${name}:pw`, body })).status).toBe(200);
    expect((await send({ path, auth: `${name}:other` })).status).toBe(200);
  });
});
