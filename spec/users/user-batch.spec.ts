import { InvalidRequestError, MemoryUserRepository, OverloadedError } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { PasswordHasher } from '../../lib/authentication/password-hasher.js';
import { oneAtATime } from '../../lib/users/password-hashing.js';
import { createUserService } from '../support/user-service.js';

const ADMIN = { name: 'root', password: 'p', type: 'admin' } as const;

describe('users.batch', () => {
  it('gives a result for each operation, in their order', async () => {
    const { users } = createUserService();
    await users.create(ADMIN);
    const results = await users.batch([
      { op: 'delete', name: 'gone' },
      { op: 'create', user: { name: 'kim', password: 'p' } },
      { op: 'change', name: 'root', changes: { note: 'x' } },
      { op: 'change', name: 'gone-too', changes: { enabled: true } },
    ]);
    expect(results).toMatchObject([
      { deleted: false },
      { user: { name: 'kim', enabled: true } },
      { user: { name: 'root', note: 'x' } },
      { error: { code: 'USER_NOT_FOUND' } },
    ]);
  });

  it.each([
    [{}, 'operations must be an array, not an object'],
    [[], 'a batch has 1 to 1000 operations, not 0'],
    [Array(1_001), 'a batch has 1 to 1000 operations, not 1001'],
    [
      [
        { op: 'delete', name: 'kim' },
        { op: 'create', user: { name: 'kim', password: 'p' } },
      ],
      'a batch has one operation a user, not two on "kim"',
    ],
  ])('is refused as a whole: %#', async (operations, message) => {
    const { users } = createUserService();
    await expect(users.batch(operations as never)).rejects.toThrow(new InvalidRequestError(message));
  });

  it('gives malformed operations errors', async () => {
    const { users } = createUserService();
    const results = await users.batch([
      { op: 'create' },
      { op: 'change', name: 7 },
      { op: 'change', name: 'kim' },
      { op: 'delete' },
    ] as never);
    expect(results.every((result) => 'error' in result)).toBe(true);
  });

  it('checks right before a change, and asks whether to go on before each operation', async () => {
    const { users } = createUserService();
    await users.create(ADMIN);
    const confirm = vi.fn();
    const begin = vi.fn();
    await users.batch([{ op: 'change', name: 'root', changes: { note: 'x' }, confirm }], begin);
    expect(confirm).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ name: 'root' }));
    expect(begin).toHaveBeenCalledTimes(2);
    begin.mockRejectedValue(new Error('no more'));
    const results = await users.batch([{ op: 'create', user: { name: 'kim', password: 'p' } }], begin);
    expect(results).toEqual([{ error: new Error('no more') }]);
    expect(await users.get('kim')).toBeUndefined();
  });

  it.each([
    ['an end', { expires: '1d' }],
    ['an end', { expires: new Date(2_900_000_000_000) }],
    ['no rights', { type: 'normal' }],
    ['nothing to open', { enabled: false }],
  ] as const)('leaves an admin when all get %s', async (_what, changes) => {
    const { users } = createUserService();
    const names = ['a', 'b', 'c'];
    for (const name of names) await users.create({ ...ADMIN, name });
    const results = await users.batch(names.map((name) => ({ op: 'change', name, changes })));
    expect(results.map((result) => 'error' in result)).toEqual([false, false, true]);
  });

  it.each([{ type: 'admin' }, { enabled: true }, { expires: null }] as const)(
    'makes an admin before it takes another one away: %j',
    async (changes) => {
      const { users } = createUserService();
      await users.create(ADMIN);
      const type = 'type' in changes ? 'normal' : 'admin';
      const fields = 'expires' in changes ? { expires: '1d' } : { enabled: !('enabled' in changes) };
      await users.create({ name: 'kim', password: 'p', type, ...fields });
      const results = await users.batch([
        { op: 'delete', name: 'root' },
        { op: 'change', name: 'kim', changes },
      ]);
      expect(results).toMatchObject([{ deleted: true }, { user: { name: 'kim', type: 'admin' } }]);
    },
  );

  it('changes the user who makes it at the end', async () => {
    const { users, repository } = createUserService();
    await users.create(ADMIN);
    const order: string[] = [];
    const replace = vi.spyOn(repository, 'replace');
    await users.create({ ...ADMIN, name: 'other' });
    await users.by({ by: 'root' }).batch([
      { op: 'change', name: 'root', changes: { type: 'normal' } },
      { op: 'change', name: 'other', changes: { note: 'x' } },
    ]);
    for (const [user] of replace.mock.calls) order.push(user.name);
    expect(order).toEqual(['other', 'root']);
  });

  it('makes the user who makes it an admin for ever before it takes the last one away', async () => {
    const { users } = createUserService();
    await users.create(ADMIN);
    await users.create({ ...ADMIN, name: 'guest', expires: '1d' });
    const results = await users.by({ by: 'guest' }).batch([
      { op: 'delete', name: 'root' },
      { op: 'change', name: 'guest', changes: { expires: null } },
    ]);
    expect(results).toMatchObject([{ deleted: true }, { user: { name: 'guest' } }]);
  });

  it.each([{ password: 'other' }, { mustChangePassword: true }])(
    'changes the user who makes it at the end if its credentials may then open less: %j',
    async (changes) => {
      const { users } = createUserService();
      await users.create(ADMIN);
      await users.create({ ...ADMIN, name: 'guest', expires: '1d' });
      const results = await users.by({ by: 'guest' }).batch([
        { op: 'delete', name: 'root' },
        { op: 'change', name: 'guest', changes: { expires: null, ...changes } },
      ]);
      expect(results).toMatchObject([{ error: { code: 'LAST_ADMIN' } }, { user: { name: 'guest' } }]);
    },
  );

  it('reports a store that fails as the result of each operation', async () => {
    const repository = new MemoryUserRepository();
    const { users } = createUserService(repository);
    vi.spyOn(repository, 'find').mockRejectedValue(new Error('down') as never);
    expect(await users.batch([{ op: 'delete', name: 'kim' }])).toEqual([{ error: new Error('down') }]);
  });

  it('hashes one password at a time', async () => {
    const { users, hasher } = createUserService();
    let running = 0;
    let most = 0;
    hasher.hash.mockImplementation(async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return 'hash';
    });
    const operations = Array.from(
      { length: 30 },
      (_, index) => ({ op: 'create', user: { name: `u${index}`, password: 'p' } }) as const,
    );
    expect((await users.batch(operations)).filter((result) => 'user' in result)).toHaveLength(30);
    expect(most).toBe(1);
  });

  it('is refused as a whole if no password can be hashed now', async () => {
    const { users, hasher, repository } = createUserService();
    await users.create(ADMIN);
    const requireRoom = () => {
      throw new OverloadedError(5);
    };
    Object.assign(hasher, { requireRoom });
    const deletion = { op: 'delete', name: 'kim' } as const;
    for (const operation of [
      { op: 'create', user: { name: 'new', password: 'p' } },
      { op: 'change', name: 'root', changes: { password: 'q' } },
    ] as const) {
      await expect(users.batch([deletion, operation])).rejects.toThrow(OverloadedError);
    }
    expect(await repository.find('new')).toBeUndefined();
    expect(await users.batch([deletion])).toEqual([{ deleted: false }]);
  });
});

describe('hashing one at a time', () => {
  it('verifies as well, and knows which hashes it can verify', async () => {
    const hasher = oneAtATime(new PasswordHasher({ cost: 4, concurrency: 1, maxQueue: 1 }));
    const hashes = await Promise.all(['a', 'b', 'c', 'd'].map((password) => hasher.hash(password)));
    expect(hasher.canVerify(hashes[0] as string)).toBe(true);
    expect(await Promise.all(hashes.map((hash) => hasher.verify(['a', 'd'], hash)))).toEqual([
      'a',
      undefined,
      undefined,
      'd',
    ]);
  });

  it('has room as long as the queue has', () => {
    new PasswordHasher({ cost: 4, concurrency: 1, maxQueue: 1 }).requireRoom();
    const full = new PasswordHasher({ cost: 4, concurrency: 1, maxQueue: 0 });
    expect(() => full.requireRoom()).toThrow(OverloadedError);
  });
});
