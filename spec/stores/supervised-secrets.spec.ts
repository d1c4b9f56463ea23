import { MemoryUserRepository, StoreError, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { completeRepository } from '../../lib/stores/complete.js';
import { SupervisedRepository } from '../../lib/stores/supervised.js';
import type { SecretRepository, StoredSecret } from '../../lib/users/secret.js';
import { digestOf, keyOf, NOON, sessionOf } from '../support/stored-secret.js';
import { userNamed } from '../support/stored-user.js';

const USER = userNamed('someone');
const KEY = keyOf('someone', 'prometheus', { permissions: ['api'], expires: NOON + 1 });

/** The secrets of a repository with a user, under supervision. */
function supervise(memory = new MemoryUserRepository()) {
  memory.insert(USER);
  const [onFailure, onState, onWork] = [vi.fn(), vi.fn(), vi.fn()];
  const supervised = new SupervisedRepository(memory, { grace: 1_000, onFailure, onState, onWork });
  return { memory, supervised, secrets: supervised.secrets as SecretRepository, onFailure, onState, onWork };
}

const ASK = {
  find: (secrets: SecretRepository) => secrets.find(KEY.digest),
  list: (secrets: SecretRepository) => secrets.list('someone', 'key'),
  insert: (secrets: SecretRepository) => secrets.insert(KEY, '1', 10),
  remove: (secrets: SecretRepository) => secrets.remove('someone', 'key', KEY.id),
  removeAll: (secrets: SecretRepository) => secrets.removeAll('someone', 'key'),
  recordUses: (secrets: SecretRepository) => secrets.recordUses([{ digest: KEY.digest, lastUsed: NOON }]),
  removeExpired: (secrets: SecretRepository) => secrets.removeExpired(NOON),
} satisfies Record<keyof SecretRepository, (secrets: SecretRepository) => unknown>;
const QUESTIONS = Object.keys(ASK) as (keyof SecretRepository)[];

describe('the secrets of a supervised repository', () => {
  it('are asked every question, without a promise if the answer is none', () => {
    const { secrets, onFailure } = supervise();
    expect(secrets.insert(KEY, '1', 10)).toBe('inserted');
    expect(secrets.insert(sessionOf('someone', 1), '1', 10)).toBe('inserted');
    expect(secrets.find(KEY.digest)).toEqual(KEY);
    expect(secrets.find(digestOf('unknown'))).toBeUndefined();
    secrets.recordUses([{ digest: KEY.digest, lastUsed: NOON }]);
    expect(secrets.list('someone', 'key')).toEqual([{ ...KEY, lastUsed: NOON }]);
    expect(secrets.remove('someone', 'session', sessionOf('someone', 1).id)).toBe(true);
    secrets.removeExpired(NOON + 1);
    expect(secrets.removeAll('someone', 'key')).toBe(0);
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('are missing if the repository keeps none', () => {
    const { find, list, insert, replace, remove } = new MemoryUserRepository();
    const bare: UserRepository = { find, list, insert, replace, remove };
    const supervised = new SupervisedRepository(bare, { grace: 0, onFailure: vi.fn(), onState: vi.fn() });
    expect(supervised.secrets).toBeUndefined();
    expect(completeRepository(supervised).secrets).toBeUndefined();
  });

  it.each(QUESTIONS)('turn an error of %s into a StoreError without a hash, and report it', async (question) => {
    const { memory, secrets, onFailure, onState } = supervise();
    vi.spyOn(memory.secrets, question).mockRejectedValueOnce(new Error(`row (${USER.hash}) rejected`) as never);
    const error = await Promise.resolve(ASK[question](secrets)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ cause: { message: 'row ((a hash)) rejected' } });
    expect(onFailure).toHaveBeenCalledWith(error);
    expect(onState).toHaveBeenCalledWith(expect.objectContaining({ state: 'down' }));
  });

  it.each(QUESTIONS)('are timed when %s is answered with a promise', async (question) => {
    const { memory, secrets, onWork } = supervise();
    vi.spyOn(memory.secrets, question).mockResolvedValueOnce(undefined as never);
    await ASK[question](secrets);
    expect(onWork).toHaveBeenCalledWith({ operation: `secrets.${question}`, took: expect.any(Number) });
  });

  it.each(QUESTIONS)('are not asked to %s after close()', (question) => {
    const { memory, supervised, secrets } = supervise();
    const asked = vi.spyOn(memory.secrets, question);
    supervised.close();
    expect(() => ASK[question](secrets)).toThrow('the user store is closed');
    expect(asked).not.toHaveBeenCalled();
  });
});

describe('the time limit of a question about secrets', () => {
  function mute(question: keyof SecretRepository) {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { memory, secrets, onFailure, supervised } = supervise();
    vi.spyOn(memory.secrets, question).mockReturnValue(new Promise<never>(() => {}) as never);
    const outcome = vi.fn();
    Promise.resolve(ASK[question](secrets)).then(outcome, outcome);
    return { outcome, onFailure, supervised };
  }

  it.each(['find', 'list', 'insert', 'remove', 'removeAll'] as const)(
    'is that of a request for %s',
    async (question) => {
      const { outcome, onFailure } = mute(question);
      await vi.advanceTimersByTimeAsync(4_499);
      expect(outcome).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      expect(outcome).toHaveBeenCalledWith(expect.any(StoreError));
      expect(onFailure).toHaveBeenCalledTimes(1);
    },
  );

  it.each([
    ['recordUses', 'recording the uses of keys and sessions takes too long'],
    ['removeExpired', 'removing expired keys and sessions takes too long'],
  ] as const)(
    'is a minute for %s, for which no request waits, and the state stays as it is',
    async (question, message) => {
      const { outcome, onFailure, supervised } = mute(question);
      await vi.advanceTimersByTimeAsync(59_999);
      expect(outcome).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      expect(outcome).toHaveBeenCalledWith(expect.objectContaining({ message }));
      expect(onFailure).not.toHaveBeenCalled();
      expect(supervised.health.state).toBe('up');
    },
  );
});

type Changeable<T> = { -readonly [Key in keyof T]: T[Key] };

describe('a found secret', () => {
  /** A repository that returns the same object again. */
  function inPlace(how: 'at once' | 'with a promise') {
    const row: Changeable<StoredSecret> = { ...KEY, permissions: ['api'] };
    const { memory, secrets } = supervise();
    vi.spyOn(memory.secrets, 'find').mockImplementation(
      () => (how === 'at once' ? row : Promise.resolve(row)) as never,
    );
    return { row, find: async () => secrets.find(KEY.digest) };
  }

  it.each(['at once', 'with a promise'] as const)('never changes, if it is answered %s', async (how) => {
    const { row, find } = inPlace(how);
    const before = await find();
    Object.assign(row, { permissions: [], expires: undefined });
    expect(before).toEqual(KEY);
    expect(await find()).toEqual(row);
    expect(Object.isFrozen(before)).toBe(true);
    expect(Object.isFrozen(before?.permissions)).toBe(true);
  });

  it('has only the fields of a secret', async () => {
    const { row, find } = inPlace('at once');
    Object.assign(row, { secret: 'a column of the app' });
    expect(await find()).toEqual(KEY);
  });

  it('is the same object for as long as the secret is the same', async () => {
    const { row, find } = inPlace('at once');
    const first = await find();
    row.permissions = ['api'];
    expect(await find()).toBe(first);
  });

  it.each<Partial<StoredSecret>>([
    { digest: digestOf('another') },
    { kind: 'session' },
    { id: 'another' },
    { owner: 'other' },
    { name: undefined },
    { permissions: undefined },
    { permissions: ['api', 'config_api'] },
    { created: NOON + 1 },
    { expires: undefined },
    { lastUsed: NOON },
  ])('is another object when the same object has another field: %o', async (change) => {
    const { row, find } = inPlace('at once');
    const before = await find();
    Object.assign(row, change);
    const after = await find();
    expect(before).toEqual(KEY);
    expect(after).toEqual({ ...KEY, ...change });
  });
});
