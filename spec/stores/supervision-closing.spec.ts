import { MemoryUserRepository, StoreError, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { completeRepository } from '../../lib/stores/complete.js';
import { SupervisedRepository } from '../../lib/stores/supervised.js';
import { NamePattern } from '../../lib/users/name-pattern.js';
import { userNamed } from '../support/stored-user.js';

const USER = userNamed('someone');
const QUERY = { pattern: new NamePattern(''), after: undefined, offset: 0, limit: 10 };
const CLOSED = expect.objectContaining({ code: 'STORE_UNAVAILABLE', message: 'the user store is closed' });

function supervise(repository: UserRepository) {
  const onFailure = vi.fn();
  const onState = vi.fn();
  const supervised = new SupervisedRepository(repository, { grace: 1_000, onFailure, onState });
  return { supervised, onFailure, onState };
}

const never = () => new Promise<never>(() => {});

/** A repository that does not answer. */
function mute() {
  const repository: UserRepository = {
    find: never,
    list: never,
    insert: never,
    replace: never,
    remove: never,
    hasAdmin: never,
    insertFirstAdmin: never,
    insertMany: never,
    snapshot: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }),
    permissionsInUse: never,
  };
  return repository;
}

/** Asks everything at once. */
function askAll(supervised: SupervisedRepository): unknown[] {
  const repository = completeRepository(supervised);
  return [
    repository.find('someone'),
    repository.list(QUERY),
    repository.insert(USER),
    repository.replace(USER, '1'),
    repository.remove('someone'),
    repository.hasAdmin(),
    repository.insertFirstAdmin(USER),
    repository.insertMany([USER]),
    repository.snapshot()[Symbol.asyncIterator]().next(),
    repository.permissionsInUse(),
  ];
}

describe('when a repository is closed', () => {
  it('every question under way is rejected at once, without a warning', async () => {
    const { supervised, onFailure, onState } = supervise(mute());
    const answers = askAll(supervised);
    supervised.close();
    for (const answer of await Promise.allSettled(answers)) {
      expect(answer).toEqual({ status: 'rejected', reason: CLOSED });
    }
    expect(onFailure).not.toHaveBeenCalled();
    expect(onState).not.toHaveBeenCalled();
  });

  it('a later failure is not reported', async () => {
    const repository = new MemoryUserRepository();
    let fail: (error: Error) => void = () => {};
    const answer = new Promise<never>((_, reject) => {
      fail = reject;
    });
    vi.spyOn(repository, 'find').mockReturnValue(answer as never);
    const { supervised, onFailure } = supervise(repository);
    const found = supervised.find('someone');
    supervised.close();
    fail(new Error('Connection terminated'));
    await expect(found).rejects.toEqual(CLOSED);
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('before it is open, callers of open() and of questions are rejected, and nothing is asked when it opens', async () => {
    let open = () => {};
    const repository = Object.assign(new MemoryUserRepository(), {
      open: () =>
        new Promise<void>((resolve) => {
          open = resolve;
        }),
    });
    const insert = vi.spyOn(repository, 'insert');
    const { supervised, onFailure } = supervise(repository);
    const opening = supervised.open();
    const inserted = supervised.insert(USER);
    supervised.close();
    await expect(opening).rejects.toEqual(CLOSED);
    await expect(inserted).rejects.toEqual(CLOSED);
    open();
    await new Promise(setImmediate);
    expect(insert).not.toHaveBeenCalled();
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('it is not opened again', async () => {
    const open = vi.fn();
    const { supervised } = supervise(Object.assign(new MemoryUserRepository(), { open }));
    supervised.close();
    await expect(supervised.open()).rejects.toEqual(CLOSED);
    expect(open).not.toHaveBeenCalled();
  });

  it('a second time, nothing happens', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { supervised } = supervise(new MemoryUserRepository());
    supervised.close();
    const { health } = supervised;
    vi.advanceTimersByTime(1_000);
    supervised.close();
    expect(supervised.health).toBe(health);
  });
});

describe('a list without an answer in time', () => {
  it('gives advice, and does not change the state of the store', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { supervised, onFailure, onState } = supervise(mute());
    const listed = Promise.resolve(supervised.list(QUERY)).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(4_500);
    expect(await listed).toBeInstanceOf(StoreError);
    expect(await listed).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      status: 503,
      message: 'the list takes too long: ask for fewer users, and page with after instead of offset',
    });
    expect(supervised.health.state).toBe('up');
    expect(onFailure).not.toHaveBeenCalled();
    expect(onState).not.toHaveBeenCalled();
  });
});
