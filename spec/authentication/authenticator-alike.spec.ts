import bcrypt from 'bcrypt';
import type { StoredUser } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { basicCredentials } from '../../lib/authentication/credentials.js';
import { attempt, NAME, ORIGIN, PASSWORD, setUpAuthenticator } from '../support/authenticator.js';
import { userNamed } from '../support/stored-user.js';

const REFUSED: readonly [what: string, name: string, password: string][] = [
  ['an unknown name', 'unknown', PASSWORD],
  ['a wrong password', NAME, 'wrong'],
  ['an empty password', NAME, ''],
  ['a password of 73 bytes', NAME, 'x'.repeat(73)],
  ['a password of 16 KiB', NAME, 'x'.repeat(16_384)],
];

describe('an unknown user, and an impossible password', () => {
  it.each([
    ...REFUSED,
    ['a password with a NUL', NAME, `${PASSWORD}\0`],
    ['a name that nobody may have', 'a b', PASSWORD],
    ['a name of 257 bytes', 'x'.repeat(257), PASSWORD],
    ['a name of 16 KiB', 'x'.repeat(16_384), PASSWORD],
    ['the name of a property', '__proto__', PASSWORD],
    ['a user who is disabled', 'disabled', PASSWORD],
    ['a user with a hash that costs too much', 'dear', PASSWORD],
    ['a user with a hash that is none', 'broken', PASSWORD],
  ])('take one bcrypt verification of the current cost: %s', async (_what, name, password) => {
    const { authenticator, repository, hasher, users, verify } = await setUpAuthenticator();
    await users.create({ name: 'disabled', password: PASSWORD, enabled: false });
    const { hash: rightHash } = (await repository.find('disabled')) as StoredUser;
    await repository.insert(userNamed('dear', { hash: rightHash.replace('$04$', '$15$') }));
    await repository.insert(userNamed('broken', { hash: 'no hash' }));
    expect(await authenticator.authenticate(...attempt(name, password))).toBeUndefined();
    expect(verify).toHaveBeenCalledTimes(1);
    const [forms, hash] = verify.mock.calls[0] as [string[], string];
    expect(forms).toHaveLength(1);
    expect(hash.slice(0, 7)).toBe(hasher.dummyHash.slice(0, 7));
    expect(hash).toHaveLength(60);
  });

  it.each([...REFUSED])('take one comparison by bcrypt: %s', async (_what, name, password) => {
    const { authenticator } = await setUpAuthenticator();
    const compare = vi.spyOn(bcrypt, 'compare');
    expect(await authenticator.authenticate(...attempt(name, password))).toBeUndefined();
    expect(compare).toHaveBeenCalledTimes(1);
  });

  it('share no verification with another pair whose text is the same', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    await users.create({ name: 'a', password: 'another' });
    for (const name of ['a', 'unknown']) {
      verify.mockClear();
      await Promise.all([
        authenticator.authenticate(...attempt(name, 'b:x')),
        authenticator.authenticate(...attempt(`${name}:b`, 'x')),
      ]);
      expect(verify).toHaveBeenCalledTimes(2);
    }
  });

  it('cause no question to the store if no user can have the name', async () => {
    const { authenticator, repository } = await setUpAuthenticator();
    const find = vi.spyOn(repository, 'find');
    for (const name of ['a b', 'x'.repeat(257), '..', 'é'.repeat(129)])
      await authenticator.authenticate(...attempt(name, PASSWORD));
    expect(find).not.toHaveBeenCalled();
  });

  it('are refused when only the first 72 bytes of the password are right', async () => {
    const { authenticator, users } = await setUpAuthenticator();
    const longest = 'x'.repeat(72);
    await users.create({ name: 'long', password: longest });
    expect(await authenticator.authenticate(...attempt('long', longest))).toMatchObject({ name: 'long' });
    expect(await authenticator.authenticate(...attempt('long', `${longest}y`))).toBeUndefined();
    expect(await authenticator.authenticate(...attempt('long', `${longest}x`))).toBeUndefined();
  });

  it('are refused even if bcrypt matches the dummy hash', async () => {
    const { authenticator, verify } = await setUpAuthenticator();
    verify.mockResolvedValue(PASSWORD);
    expect(await authenticator.authenticate(...attempt('unknown', PASSWORD))).toBeUndefined();
    expect(await authenticator.authenticate(...attempt(NAME, ''))).toBeUndefined();
  });
});

describe('a long name', () => {
  it('does not truncate the password', async () => {
    const { authenticator, users } = await setUpAuthenticator();
    const name = 'x'.repeat(256);
    const password = 'y'.repeat(72);
    await users.create({ name, password });
    expect(await authenticator.authenticate(...attempt(name, password))).toMatchObject({ name });
    expect(authenticator.recall(basicCredentials(name, password), ORIGIN)).toMatchObject({ name });
    const wrong = `${password.slice(0, -1)}z`;
    expect(authenticator.recall(basicCredentials(name, wrong), ORIGIN)).toBeUndefined();
    expect(await authenticator.authenticate(...attempt(name, wrong))).toBeUndefined();
  });

  it('does not share a verification with a password that begins alike', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    const name = 'x'.repeat(256);
    await users.create({ name, password: 'right' });
    await Promise.all(['wrong 1', 'wrong 2'].map((each) => authenticator.authenticate(...attempt(name, each))));
    expect(verify).toHaveBeenCalledTimes(2);
  });
});
