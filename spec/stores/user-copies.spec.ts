import type { StoredUser } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { UserCopies } from '../../lib/stores/supervised.js';
import { userNamed } from '../support/stored-user.js';

type Changeable<T> = { -readonly [Key in keyof T]: T[Key] };

describe('the copy of a user', () => {
  it('cannot be changed, and has only the fields of a user', () => {
    const user = { ...userNamed('someone', { permissions: ['api'] }), password: 'a column of the app' };
    const copy = new UserCopies().of(user);
    expect(copy).toEqual(userNamed('someone', { permissions: ['api'] }));
    expect(Object.isFrozen(copy)).toBe(true);
    expect(Object.isFrozen(copy?.permissions)).toBe(true);
  });

  it('is the same object for as long as the user is the same', () => {
    const copies = new UserCopies();
    const user = userNamed('someone', { permissions: ['api'] });
    expect(copies.of(user)).toBe(copies.of(user));
    expect(copies.of(undefined)).toBeUndefined();
  });

  it.each<[string, (user: Changeable<StoredUser>) => void]>([
    ['name', (user) => Object.assign(user, { name: 'other' })],
    ['type', (user) => Object.assign(user, { type: 'admin' })],
    ['switch', (user) => Object.assign(user, { enabled: false })],
    ['hash', (user) => Object.assign(user, { hash: 'another' })],
    ['revision', (user) => Object.assign(user, { revision: 'second' })],
    ['permissions', (user) => Object.assign(user, { permissions: ['write_points'] })],
    ['list of permissions', (user) => (user.permissions as string[]).push('write_points')],
  ])('is another object when the %s of the same user object has changed', (_what, change) => {
    const copies = new UserCopies();
    const user: StoredUser = { ...userNamed('someone'), permissions: ['api'] };
    const before = copies.of(user);
    change(user);
    expect(before).toEqual({ ...userNamed('someone'), permissions: ['api'] });
    expect(copies.of(user)).toEqual(user);
  });
});
