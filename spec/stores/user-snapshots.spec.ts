import type { StoredUser } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { UserSnapshots } from '../../lib/stores/user-snapshots.js';
import { userNamed } from '../support/stored-user.js';

type Changeable<T> = { -readonly [Key in keyof T]: T[Key] };

describe('the snapshot of a user', () => {
  it('is a copy that cannot be changed, with the fields of a user alone', () => {
    const user = { ...userNamed('someone', { permissions: ['api'] }), password: 'a column of the app' };
    const snapshot = new UserSnapshots().of(user);
    expect(snapshot).toEqual(userNamed('someone', { permissions: ['api'] }));
    expect(Object.isFrozen(snapshot)).toBe(true);
    expect(Object.isFrozen(snapshot?.permissions)).toBe(true);
  });

  it('is the same one for as long as the user is the same', () => {
    const snapshots = new UserSnapshots();
    const user = userNamed('someone', { permissions: ['api'] });
    expect(snapshots.of(user)).toBe(snapshots.of(user));
    expect(snapshots.of(undefined)).toBeUndefined();
  });

  it.each<[string, (user: Changeable<StoredUser>) => void]>([
    ['name', (user) => Object.assign(user, { name: 'other' })],
    ['type', (user) => Object.assign(user, { type: 'admin' })],
    ['switch', (user) => Object.assign(user, { enabled: false })],
    ['hash', (user) => Object.assign(user, { hash: 'another' })],
    ['revision', (user) => Object.assign(user, { revision: 'second' })],
    ['permissions', (user) => Object.assign(user, { permissions: ['write_points'] })],
    ['list of permissions', (user) => (user.permissions as string[]).push('write_points')],
  ])('is another one when the %s of the same object has changed', (_what, change) => {
    const snapshots = new UserSnapshots();
    const user: StoredUser = { ...userNamed('someone'), permissions: ['api'] };
    const before = snapshots.of(user);
    change(user);
    expect(before).toEqual({ ...userNamed('someone'), permissions: ['api'] });
    expect(snapshots.of(user)).toEqual(user);
  });
});
