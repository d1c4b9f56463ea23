import bcrypt from 'bcrypt';
import type { StoredUser } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { basicCredentials } from '../../lib/authentication/credentials.js';
import { attempt, NAME, ORIGIN, PASSWORD, setUpAuthenticator } from '../support/authenticator.js';
import { userNamed } from '../support/stored-user.js';

describe('a password in another form of Unicode', () => {
  const composed = 'pässwörd'.normalize('NFC');
  const decomposed = composed.normalize('NFD');

  it('is the same password', async () => {
    const { authenticator, users } = await setUpAuthenticator();
    await users.create({ name: 'new', password: decomposed });
    expect(await authenticator.authenticate(...attempt('new', composed))).toMatchObject({ name: 'new' });
    expect(await authenticator.authenticate(...attempt('new', decomposed))).toMatchObject({ name: 'new' });
    expect(await authenticator.authenticate(...attempt('new', 'passwörd'))).toBeUndefined();
  });

  it('takes the same work for an unknown, a disabled and a known user', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    await users.create({ name: 'disabled', password: composed, enabled: false });
    for (const name of [NAME, 'unknown', 'disabled', 'not a name']) {
      verify.mockClear();
      expect(await authenticator.authenticate(...attempt(name, decomposed))).toBeUndefined();
      expect(verify).toHaveBeenCalledTimes(1);
      expect(verify.mock.calls[0]?.[0]).toEqual([composed, decomposed]);
    }
  });

  it('is verified once, whatever forms it has', async () => {
    const { authenticator, users, verify } = await setUpAuthenticator();
    await users.create({ name: 'new', password: 'four words of it' });
    for (const space of [' ', '\u00a0', '\u2003', '\u3000', ' ']) {
      const password = `four words${space}of it`;
      expect(await authenticator.authenticate(...attempt('new', password))).toMatchObject({ name: 'new' });
    }
    expect(verify).toHaveBeenCalledOnce();
  });

  it('is wrong without a verification if it is too long', async () => {
    const { authenticator, verify } = await setUpAuthenticator();
    const password = `a${'\u0345\u0315\u0301\u0323\u0334'.repeat(1_130)}`;
    const normalize = vi.spyOn(String.prototype, 'normalize');
    expect(await authenticator.authenticate(...attempt(NAME, password))).toBeUndefined();
    expect(normalize).not.toHaveBeenCalled();
    expect(verify).toHaveBeenCalledOnce();
  });
});

describe('a login with a hash of another cost', () => {
  async function setUpWithCost5() {
    const set = await setUpAuthenticator();
    const hash = await bcrypt.hash(PASSWORD, 5);
    set.repository.insert(userNamed('old', { hash }));
    const rehash = vi.spyOn(set.hasher, 'hash');
    const costOfOld = async () => bcrypt.getRounds(((await set.repository.find('old')) as StoredUser).hash);
    return { ...set, rehash, costOfOld };
  }

  it('replaces the hash once for all concurrent logins, and caches the result', async () => {
    const { authenticator, verify, rehash, costOfOld } = await setUpWithCost5();
    const logins = Array.from({ length: 100 }, () => authenticator.authenticate(...attempt('old', PASSWORD)));
    for (const user of await Promise.all(logins)) expect(user).toMatchObject({ name: 'old' });
    expect(await costOfOld()).toBe(4);
    expect(authenticator.recall(basicCredentials('old', PASSWORD), ORIGIN)).toMatchObject({ name: 'old' });
    expect(verify).toHaveBeenCalledTimes(1);
    expect(rehash).toHaveBeenCalledTimes(1);
  });

  it('does not hash a wrong password, or the password of a user who is deleted meanwhile', async () => {
    const { authenticator, repository, rehash, costOfOld } = await setUpWithCost5();
    expect(await authenticator.authenticate(...attempt('old', 'wrong'))).toBeUndefined();
    expect(await costOfOld()).toBe(5);
    expect(rehash).not.toHaveBeenCalled();
    rehash.mockImplementationOnce(async () => {
      repository.remove('old');
      return 'a new hash';
    });
    expect(await authenticator.authenticate(...attempt('old', PASSWORD))).toBeUndefined();
    expect(await repository.find('old')).toBeUndefined();
  });

  it('succeeds when another process replaces the hash meanwhile', async () => {
    const { authenticator, repository, rehash, verify } = await setUpWithCost5();
    const elsewhere = await bcrypt.hash(PASSWORD, 4);
    rehash.mockImplementationOnce(async () => {
      const stored = repository.find('old') as StoredUser;
      repository.replace({ ...stored, hash: elsewhere, revision: 'of another process' }, stored.revision);
      return 'too late';
    });
    expect(await authenticator.authenticate(...attempt('old', PASSWORD))).toMatchObject({ name: 'old' });
    expect(await repository.find('old')).toMatchObject({ hash: elsewhere });
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('starts again when the user changes meanwhile, and fails if that never ends', async () => {
    const { authenticator, repository, verify } = await setUpWithCost5();
    verify.mockImplementation(async () => {
      const stored = repository.find('old') as StoredUser;
      const hash = await bcrypt.hash(PASSWORD, 4);
      repository.replace({ ...stored, hash, revision: hash }, stored.revision);
      return PASSWORD;
    });
    await expect(authenticator.authenticate(...attempt('old', PASSWORD))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'the user changes too often to log in: try again later',
    });
    expect(verify).toHaveBeenCalledTimes(4);
  });

  it('does not replace the hash again within an hour, if another process has another cost', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { authenticator, repository, costOfOld } = await setUpWithCost5();
    const elsewhere = await bcrypt.hash(PASSWORD, 5);
    const costs: number[] = [];
    for (let minutes = 0; minutes <= 60; minutes += 30) {
      await authenticator.authenticate(...attempt('old', PASSWORD));
      costs.push(await costOfOld());
      const stored = repository.find('old') as StoredUser;
      repository.replace({ ...stored, hash: elsewhere, revision: String(minutes) }, stored.revision);
      vi.setSystemTime(Date.now() + 1_800_000);
    }
    expect(costs).toEqual([4, 5, 4]);
  });
});

describe('a refused hash', () => {
  it('is reported with its user', async () => {
    const { authenticator, repository, onUnusableHash } = await setUpAuthenticator();
    repository.insert(userNamed('dear', { hash: `$2b$15$${'x'.repeat(53)}` }));
    await authenticator.authenticate(...attempt('dear', PASSWORD));
    await authenticator.authenticate(...attempt(NAME, PASSWORD));
    expect(onUnusableHash).toHaveBeenCalledOnce();
    expect(onUnusableHash).toHaveBeenCalledWith({ name: 'dear', type: 'normal', permissions: [], enabled: true });
  });
});
