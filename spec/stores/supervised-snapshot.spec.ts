import { MemoryUserRepository, type StoredUser, StoreError, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { completeRepository } from '../../lib/stores/complete.js';
import { SupervisedRepository } from '../../lib/stores/supervised.js';
import { userNamed } from '../support/stored-user.js';

const HASH = `$2b$10$${'x'.repeat(53)}`;
const USERS = ['a', 'b', 'c'].map((name) => userNamed(name));
const ADMIN = userNamed('root', { type: 'admin' });

function supervise(repository: UserRepository) {
  const onFailure = vi.fn();
  const supervised = new SupervisedRepository(repository, { grace: 1_000, onFailure, onState: () => {} });
  return { supervised, repository: completeRepository(supervised), onFailure };
}

async function all(users: AsyncIterable<StoredUser>): Promise<StoredUser[]> {
  const read: StoredUser[] = [];
  for await (const user of users) read.push(user);
  return read;
}

/** A snapshot of one's own. */
function withSnapshot(snapshot: () => AsyncIterable<StoredUser>) {
  return supervise(Object.assign(new MemoryUserRepository(), { snapshot }));
}

function fakeTime(): void {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

describe('a supervised repository', () => {
  it('passes on the optional methods', async () => {
    const { repository, onFailure } = supervise(new MemoryUserRepository());
    expect(await repository.hasAdmin()).toBe(false);
    expect(await repository.insertMany(USERS.toReversed())).toEqual(['c', 'b', 'a']);
    expect(await repository.insertFirstAdmin(ADMIN)).toBe('inserted');
    expect(await repository.hasAdmin()).toBe(true);
    expect(await all(repository.snapshot())).toEqual([...USERS, ADMIN]);
    expect(await repository.permissionsInUse()).toEqual([]);
    expect(onFailure).not.toHaveBeenCalled();
  });

  it.each(['hasAdmin', 'insertFirstAdmin', 'insertMany'] as const)(
    'turns an error of %s into a StoreError without a hash, and reports it',
    async (method) => {
      const failing = () => {
        throw new Error(`row (someone, ${HASH}) rejected`);
      };
      const { repository, onFailure } = supervise(Object.assign(new MemoryUserRepository(), { [method]: failing }));
      const ask = async () => (method === 'insertMany' ? repository.insertMany(USERS) : repository[method](ADMIN));
      const error = await ask().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ cause: { message: 'row (someone, (a hash)) rejected' } });
      expect(onFailure).toHaveBeenCalledWith(error);
    },
  );

  it('has a minute to read the permissions of all users, and stays in its state after that', async () => {
    fakeTime();
    const mute = Object.assign(new MemoryUserRepository(), { permissionsInUse: () => new Promise<string[]>(() => {}) });
    const { supervised, repository, onFailure } = supervise(mute);
    let outcome: unknown;
    (repository.permissionsInUse() as Promise<unknown>).catch((error: unknown) => {
      outcome = error;
    });
    await vi.advanceTimersByTimeAsync(59_999);
    expect(outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toMatchObject({ message: 'reading the permissions of all users takes too long' });
    expect(outcome).toBeInstanceOf(StoreError);
    expect(supervised.health.state).toBe('up');
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('has the same time limit for every question', async () => {
    fakeTime();
    const mute = Object.assign(new MemoryUserRepository(), { hasAdmin: () => new Promise<boolean>(() => {}) });
    const asked = expect(supervise(mute).repository.hasAdmin()).rejects.toBeInstanceOf(StoreError);
    await vi.advanceTimersByTimeAsync(4_500);
    await asked;
  });
});

describe('a supervised snapshot', () => {
  it('may take any time as a whole, and so may its reader', async () => {
    fakeTime();
    const { repository } = withSnapshot(async function* () {
      for (const user of USERS) {
        await new Promise((resolve) => setTimeout(resolve, 4_000));
        yield user;
      }
    });
    const read: string[] = [];
    const reading = (async () => {
      for await (const { name } of repository.snapshot()) {
        read.push(name);
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }
    })();
    await vi.advanceTimersByTimeAsync(3 * 64_000);
    await reading;
    expect(read).toEqual(['a', 'b', 'c']);
  });

  it('fails and is left if one step has no answer', async () => {
    fakeTime();
    const leave = vi.fn(async () => ({ done: true as const, value: undefined }));
    const { repository, onFailure } = withSnapshot(() => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: leave }),
    }));
    const reading = expect(all(repository.snapshot())).rejects.toBeInstanceOf(StoreError);
    await vi.advanceTimersByTimeAsync(4_500);
    await reading;
    expect(leave).toHaveBeenCalledTimes(1);
    expect(onFailure).toHaveBeenCalledTimes(1);
  });

  it('that fails after some users is a failure, without a hash', async () => {
    const { repository } = withSnapshot(async function* () {
      yield USERS[0] as StoredUser;
      throw new Error(`lost at ${HASH}`);
    });
    const reading = all(repository.snapshot());
    await expect(reading).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: { message: 'lost at (a hash)' } });
  });

  it('releases everything at once when it is left early', async () => {
    const letGo = vi.fn();
    const { repository } = withSnapshot(async function* () {
      try {
        yield* USERS;
      } finally {
        letGo();
      }
    });
    for await (const user of repository.snapshot()) {
      expect(user.name).toBe('a');
      expect(letGo).not.toHaveBeenCalled();
      break;
    }
    expect(letGo).toHaveBeenCalledTimes(1);
  });

  it('may be left early without a return method', async () => {
    const { repository, onFailure } = withSnapshot(() => ({
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: ADMIN }) }),
    }));
    for await (const user of repository.snapshot()) {
      expect(user).toBe(ADMIN);
      break;
    }
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('releases everything when it is left after close(), and no one waits for it', async () => {
    const letGo = vi.fn(() => new Promise<never>(() => {}));
    const { supervised, repository } = withSnapshot(() => ({
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: ADMIN }), return: letGo }),
    }));
    for await (const user of repository.snapshot()) {
      expect(user).toBe(ADMIN);
      supervised.close();
      break;
    }
    expect(letGo).toHaveBeenCalledTimes(1);
  });

  it('ends when the repository is closed, and none begins afterwards', async () => {
    const { supervised, repository } = withSnapshot(async function* () {
      yield* USERS;
    });
    const users = repository.snapshot()[Symbol.asyncIterator]();
    await users.next();
    supervised.close();
    await expect(users.next()).rejects.toThrow('the user store is closed');
    await expect(all(repository.snapshot())).rejects.toThrow('the user store is closed');
  });
});
