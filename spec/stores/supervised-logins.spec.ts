import { MemoryUserRepository, StoreError, type UserRepository } from 'kapacitor-auth';
import { expect, it, vi } from 'vitest';
import { completeRepository } from '../../lib/stores/complete.js';
import { SupervisedRepository } from '../../lib/stores/supervised.js';
import { NamePattern } from '../../lib/users/name-pattern.js';
import { userNamed } from '../support/stored-user.js';

const EVERYBODY = { pattern: new NamePattern('') };

function supervise() {
  const memory = new MemoryUserRepository();
  memory.insert(userNamed('jane', { expires: 1, mustChangePassword: true, note: 'n', created: 2, passwordChanged: 3 }));
  const onFailure = vi.fn();
  return { memory, onFailure, supervised: new SupervisedRepository(memory, { grace: 0, onFailure, onState: vi.fn() }) };
}

it('the logins and the number of users are asked for under supervision', () => {
  const { supervised, onFailure } = supervise();
  supervised.logins?.record([{ name: 'jane', ago: 0 }]);
  expect(supervised.logins?.lastOf(['jane', 'jack'])).toEqual(new Map([['jane', expect.any(Number)]]));
  expect(supervised.count?.(EVERYBODY)).toBe(1);
  expect(supervised.find('jane')).toEqual(supervised.find('jane'));
  expect(onFailure).not.toHaveBeenCalled();
});

it.each([
  ['record', (logins: NonNullable<UserRepository['logins']>) => logins.record([])],
  ['lastOf', (logins: NonNullable<UserRepository['logins']>) => logins.lastOf([])],
] as const)('an error of %s becomes a StoreError, and is reported', async (method, ask) => {
  const { memory, supervised, onFailure } = supervise();
  vi.spyOn(memory.logins, method).mockRejectedValueOnce(new Error('no disk') as never);
  const logins = supervised.logins as NonNullable<UserRepository['logins']>;
  const error = await Promise.resolve(ask(logins)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  expect(onFailure).toHaveBeenCalledWith(error);
});

it.each(['expires', 'mustChangePassword', 'note', 'created', 'passwordChanged'] as const)(
  'a change of %s in place is seen, and the copy before it stays',
  (field) => {
    const { memory, supervised } = supervise();
    const before = supervised.find('jane');
    const kept = structuredClone(before);
    Object.assign(memory.find('jane') as object, { [field]: undefined });
    expect(supervised.find('jane')).toMatchObject({ [field]: undefined });
    expect(before).toEqual(kept);
  },
);

it('a repository without the optional parts has none of them here', () => {
  const { find, list, insert, replace, remove } = new MemoryUserRepository();
  const supervised = new SupervisedRepository(
    { find, list, insert, replace, remove },
    {
      ...{ grace: 0, onFailure: vi.fn(), onState: vi.fn() },
    },
  );
  expect(supervised).toMatchObject({ keepsAccounts: false });
  expect([supervised.logins, supervised.count]).toEqual([undefined, undefined]);
  expect(completeRepository(supervised)).toMatchObject({ keepsAccounts: false });
});

it('a repository that leaves other methods out keeps its logins and its count', async () => {
  const memory = new MemoryUserRepository();
  Object.assign(memory, { hasAdmin: undefined });
  const complete = completeRepository(memory);
  expect(complete).toMatchObject({ keepsAccounts: true, logins: memory.logins });
  vi.spyOn(memory, 'count').mockReturnValue(7);
  expect(await complete.count(EVERYBODY)).toBe(7);
});
