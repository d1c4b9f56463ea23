import { InvalidUserError, MemoryUserRepository, StoreError } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { createFirstAdmin, type FirstAdmin } from '../../lib/users/first-admin.js';
import { PasswordPolicy } from '../../lib/users/password-policy.js';
import type { CompleteUserRepository } from '../../lib/users/repository.js';
import { invalidUser } from '../support/failure.js';
import { userNamed } from '../support/stored-user.js';

function setUp(repository: CompleteUserRepository = new MemoryUserRepository()) {
  const hasher = { hash: vi.fn(async (password: string) => `hash of ${password.length} characters`) };
  const policy = new PasswordPolicy({ minimumLength: 8 });
  const make = (admin: FirstAdmin) => createFirstAdmin({ repository, hasher, policy }, admin);
  return { repository, hasher, make };
}

const ROOT = { name: 'root', password: 'a long secret' };

describe('the first admin', () => {
  it('is made if there is no admin', async () => {
    const { repository, make } = setUp();
    expect(await make(ROOT)).toBe(true);
    expect(await repository.find('root')).toEqual({
      name: 'root',
      type: 'admin',
      permissions: [],
      enabled: true,
      hash: 'hash of 13 characters',
      created: expect.any(Number),
      passwordChanged: expect.any(Number),
      revision: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('is made with a password that is read when it is needed', async () => {
    const { hasher, make } = setUp();
    expect(await make({ name: 'Größe', password: async () => 'from a file' })).toBe(true);
    expect(hasher.hash).toHaveBeenCalledWith('from a file');
  });

  it('is made if every admin is disabled', async () => {
    const { repository, make } = setUp();
    await repository.insert(userNamed('disabled', { type: 'admin', enabled: false }));
    expect(await make(ROOT)).toBe(true);
  });

  it('is not made if there is an admin: no password is read, hashed or checked', async () => {
    const { repository, hasher, make } = setUp();
    await repository.insert(userNamed('other', { type: 'admin' }));
    const password = vi.fn(() => {
      throw new Error('the secret has been taken away');
    });
    expect(await make({ name: 'root', password })).toBe(false);
    expect(await make({ name: 'no name', password: 'short' })).toBe(false);
    expect(password).not.toHaveBeenCalled();
    expect(hasher.hash).not.toHaveBeenCalled();
    expect(await repository.find('root')).toBeUndefined();
  });

  it('is not made if another process makes one meanwhile', async () => {
    const { repository, hasher, make } = setUp();
    hasher.hash.mockImplementationOnce(async () => {
      await repository.insert(userNamed('root', { type: 'admin' }));
      return 'hash';
    });
    expect(await make(ROOT)).toBe(false);
    expect(await repository.find('root')).toEqual(userNamed('root', { type: 'admin' }));
  });

  it.each([
    ['normal', userNamed('root', { permissions: ['all'] })],
    ['disabled', userNamed('root', { type: 'admin', enabled: false })],
  ])('is not made if a %s user has the name', async (_what, user) => {
    const { repository, make } = setUp();
    await repository.insert(user);
    await expect(make(ROOT)).rejects.toThrow(
      invalidUser(
        'root cannot become the first admin: a user has this name, and is not an admin or is disabled. Choose another ' +
          'name, or run npx kapacitor-auth user set root --type admin, or npx kapacitor-auth user enable root',
      ),
    );
    expect(await repository.find('root')).toEqual(user);
  });

  it.each<[FirstAdmin, string]>([
    [{ name: '', password: 'a long secret' }, 'username is required'],
    [{ name: '..', password: 'a long secret' }, 'username must not be "." or ".."'],
    [{ name: 'root', password: 'short' }, 'password must be at least 8 characters'],
    [{ name: 'rootroot', password: 'rootroot' }, 'password must not be the username'],
    [{ name: 'root', password: () => undefined as never }, 'password is required'],
    [{ name: 7 as never, password: 'a long secret' }, 'name must be a text, not a number'],
  ])('%o must follow the rules for every user', async (admin, message) => {
    const { repository, hasher, make } = setUp();
    await expect(make(admin)).rejects.toThrow(invalidUser(`the first admin cannot be made: ${message}`));
    await expect(make(admin)).rejects.toBeInstanceOf(InvalidUserError);
    expect(hasher.hash).not.toHaveBeenCalled();
    expect(await repository.find(admin.name)).toBeUndefined();
  });

  it('is not made if the store does not answer or the password cannot be read', async () => {
    const { repository, make } = setUp();
    const unreadable = () => Promise.reject(new Error('ENOENT'));
    await expect(make({ name: 'root', password: unreadable })).rejects.toThrow('ENOENT');
    vi.spyOn(repository as MemoryUserRepository, 'hasAdmin').mockImplementation(() => {
      throw new StoreError('no disk');
    });
    await expect(make(ROOT)).rejects.toThrow(new StoreError('no disk'));
  });
});
