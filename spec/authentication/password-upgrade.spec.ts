import bcrypt from 'bcrypt';
import { MemoryUserRepository, OverloadedError, type StoredUser } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { PasswordHasher } from '../../lib/authentication/password-hasher.js';
import { PasswordUpgrade } from '../../lib/authentication/password-upgrade.js';
import { userNamed } from '../support/stored-user.js';

const PASSWORD = 'a passwörd';
const DECOMPOSED = PASSWORD.normalize('NFD');

/** A user whose hash is of this form, with this cost, where new hashes have the cost 4. */
async function setUp(form = PASSWORD, cost = 5) {
  const repository = new MemoryUserRepository();
  const hasher = new PasswordHasher({ cost: 4, concurrency: 1, maxQueue: 1 });
  const user = userNamed('someone', { hash: await bcrypt.hash(form, cost), permissions: ['api'] });
  repository.insert(user);
  return { repository, hasher, user, upgrade: new PasswordUpgrade(repository, hasher) };
}

describe('the upgrade of a password', () => {
  it.each([5, 6])('replaces a hash of another cost, here %i, and no other field of the user', async (cost) => {
    const { repository, user, upgrade } = await setUp(PASSWORD, cost);
    const hash = (await upgrade.upgrade(user, PASSWORD)) as string;
    expect(bcrypt.getRounds(hash)).toBe(4);
    expect(await bcrypt.compare(PASSWORD, hash)).toBe(true);
    const { revision, ...stored } = repository.find('someone') as StoredUser;
    expect(stored).toEqual({ name: 'someone', type: 'normal', permissions: ['api'], enabled: true, hash });
    expect(revision).not.toBe(user.revision);
  });

  it('replaces a hash of the configured cost if it belongs to another form of the password', async () => {
    const { user, upgrade } = await setUp(DECOMPOSED, 4);
    const hash = (await upgrade.upgrade(user, DECOMPOSED)) as string;
    expect(await bcrypt.compare(PASSWORD, hash)).toBe(true);
  });

  it('keeps a hash that is up to date', async () => {
    const { repository, user, upgrade } = await setUp(PASSWORD, 4);
    expect(await upgrade.upgrade(user, PASSWORD)).toBeUndefined();
    expect(repository.find('someone')).toBe(user);
  });

  it('keeps the form if the preferred one would be too long', async () => {
    // U+0958 has no composed form: it becomes two characters, of six bytes.
    const form = '\u0958'.repeat(24);
    const { user, upgrade } = await setUp(form, 4);
    expect(await upgrade.upgrade(user, form)).toBeUndefined();
  });

  it('does not touch a user who has changed since', async () => {
    const { repository, user, upgrade } = await setUp();
    const changed = { ...user, permissions: [], revision: 'another' };
    repository.replace(changed, user.revision);
    expect(await upgrade.upgrade(user, PASSWORD)).toBeUndefined();
    expect(repository.find('someone')).toBe(changed);
  });

  it('gives up if it fails, because the password is right all the same', async () => {
    const { repository, hasher, user, upgrade } = await setUp();
    vi.spyOn(hasher, 'hash').mockRejectedValueOnce(new OverloadedError(5));
    expect(await upgrade.upgrade(user, PASSWORD)).toBeUndefined();
    vi.spyOn(repository, 'replace').mockImplementationOnce(() => {
      throw new Error('read-only');
    });
    expect(await upgrade.upgrade(user, PASSWORD)).toBeUndefined();
    expect(await upgrade.upgrade(user, PASSWORD)).toMatch(/^\$2b\$04\$/);
  });
});
