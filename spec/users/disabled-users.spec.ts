import { describe, expect, it } from 'vitest';
import { failure, invalidUser } from '../support/failure.js';
import { ANY_ACCOUNT } from '../support/user.js';
import { createUserService } from '../support/user-service.js';

const LAST_ADMIN = failure('LAST_ADMIN', 409, 'the last admin cannot be disabled');

async function setUp() {
  const service = createUserService();
  await service.users.create({ name: 'root', password: 'p', type: 'admin' });
  await service.users.create({ name: 'someone', password: 'p', permissions: ['api'] });
  return service;
}

describe('a disabled user', () => {
  it('can be created', async () => {
    const { users, repository } = await setUp();
    const created = await users.create({ name: 'later', password: 'p', enabled: false });
    expect(created).toEqual({ name: 'later', type: 'normal', permissions: [], enabled: false, ...ANY_ACCOUNT });
    expect(await repository.find('later')).toMatchObject({ enabled: false });
  });

  it('is kept with its password, type and permissions, and can be enabled again', async () => {
    const { users, repository, hasher } = await setUp();
    const before = await repository.find('someone');
    hasher.hash.mockClear();
    expect(await users.update('someone', { enabled: false })).toEqual({
      name: 'someone',
      type: 'normal',
      permissions: ['api'],
      enabled: false,
      ...ANY_ACCOUNT,
    });
    expect(await repository.find('someone')).toMatchObject({ enabled: false, hash: before?.hash });
    expect(await users.update('someone', { enabled: true })).toMatchObject({ permissions: ['api'], enabled: true });
    expect(await repository.find('someone')).toMatchObject({ enabled: true, hash: before?.hash });
    expect(hasher.hash).not.toHaveBeenCalled();
  });

  it('stays disabled when something else of it is changed', async () => {
    const { users } = await setUp();
    await users.update('someone', { enabled: false });
    expect(await users.update('someone', { password: 'new' })).toMatchObject({ enabled: false });
    expect(await users.update('someone', { type: 'admin', enabled: undefined })).toMatchObject({ enabled: false });
    expect(await users.get('someone')).toMatchObject({ type: 'admin', enabled: false });
    expect(await users.list({ pattern: 'someone' })).toMatchObject([{ type: 'admin', enabled: false }]);
  });

  it.each([
    ['"false"', 'false'],
    ['0', 0],
    ['null', null],
    ['an array', [false]],
  ])('is refused with %s', async (what, enabled) => {
    const { users } = await setUp();
    const refused = invalidUser(`enabled must be true or false, not ${what}`);
    await expect(users.create({ name: 'later', password: 'p', enabled: enabled as never })).rejects.toThrow(refused);
    await expect(users.update('someone', { enabled: enabled as never })).rejects.toThrow(refused);
    expect(await users.get('later')).toBeUndefined();
    expect(await users.get('someone')).toMatchObject({ enabled: true });
  });
});

describe('the last enabled admin', () => {
  it('cannot be disabled', async () => {
    const { users } = await setUp();
    await expect(users.update('root', { enabled: false })).rejects.toThrow(LAST_ADMIN);
    expect(await users.get('root')).toMatchObject({ type: 'admin', enabled: true });
  });

  it('can be changed otherwise', async () => {
    const { users } = await setUp();
    expect(await users.update('root', { password: 'new', type: 'admin', enabled: true })).toMatchObject({
      type: 'admin',
      enabled: true,
    });
  });

  it('cannot be disabled, demoted or deleted while the only other admin is disabled', async () => {
    const { users } = await setUp();
    await users.update('someone', { type: 'admin', enabled: false });
    const other = failure('LAST_ADMIN', 409, 'the last admin cannot be deleted or demoted');
    await expect(users.update('root', { enabled: false })).rejects.toThrow(LAST_ADMIN);
    await expect(users.update('root', { type: 'normal' })).rejects.toThrow(other);
    await expect(users.delete('root')).rejects.toThrow(other);
    await users.update('someone', { enabled: true });
    expect(await users.update('root', { enabled: false })).toMatchObject({ type: 'admin', enabled: false });
  });

  it('is one of two that are disabled at once', async () => {
    const { users } = await setUp();
    await users.update('someone', { type: 'admin' });
    const outcomes = await Promise.allSettled([
      users.update('root', { enabled: false }),
      users.update('someone', { enabled: false }),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refused.reason).toEqual(LAST_ADMIN);
  });

  it('is not a disabled one, which can be demoted and deleted', async () => {
    const { users } = await setUp();
    await users.update('someone', { type: 'admin', enabled: false });
    expect(await users.update('someone', { type: 'normal' })).toMatchObject({ type: 'normal', enabled: false });
    await users.update('someone', { type: 'admin' });
    expect(await users.delete('someone')).toBe(true);
  });

  it('does not exist if the only admin was created disabled, so that one can be demoted and deleted', async () => {
    const { users } = createUserService();
    await users.create({ name: 'root', password: 'p', type: 'admin', enabled: false });
    await users.create({ name: 'other', password: 'p', type: 'admin', enabled: false });
    expect(await users.update('root', { type: 'normal' })).toMatchObject({ type: 'normal', enabled: false });
    expect(await users.delete('other')).toBe(true);
  });
});
