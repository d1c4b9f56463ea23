import { inspect } from 'node:util';
import { MemoryUserRepository, type StoredUser, StoreError, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { noUsers } from '../../lib/stores/create-repository.js';
import { SupervisedRepository } from '../../lib/stores/supervised.js';
import { NamePattern } from '../../lib/users/name-pattern.js';
import { userNamed } from '../support/stored-user.js';

const HASH = `$2b$10$${'x'.repeat(53)}`;
const USER: StoredUser = userNamed('someone', { hash: HASH });
const QUERY = { pattern: new NamePattern(''), after: undefined, offset: 0, limit: 10 };

function supervise(repository: UserRepository) {
  const onFailure = vi.fn();
  const onState = vi.fn();
  return { supervised: new SupervisedRepository(repository, { grace: 1_000, onFailure, onState }), onFailure, onState };
}

describe('a supervised repository', () => {
  it('passes on every question, without a promise if the answer is none', async () => {
    const { supervised, onFailure } = supervise(new MemoryUserRepository());
    await supervised.open();
    expect(supervised.insert(USER)).toBe(true);
    expect(supervised.find('someone')).toEqual(USER);
    expect(supervised.list(QUERY)).toEqual([USER]);
    expect(supervised.replace({ ...USER, revision: '2' }, '1')).toBe('replaced');
    expect(supervised.remove('someone')).toBe('removed');
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('waits for promised answers', async () => {
    const repository = new MemoryUserRepository();
    const { supervised } = supervise(repository);
    vi.spyOn(repository, 'insert').mockReturnValueOnce(Promise.resolve(true) as never);
    expect(await supervised.insert(USER)).toBe(true);
    vi.spyOn(repository, 'insert').mockReturnValueOnce(Promise.reject(new Error('lost')) as never);
    await expect(supervised.insert(USER)).rejects.toThrow('the user store is unavailable');
  });

  it.each(['at once', 'with a promise'])('returns users that never change, answered %s', async (how) => {
    const row = { ...USER };
    const repository = new MemoryUserRepository();
    vi.spyOn(repository, 'find').mockImplementation((() => (how === 'at once' ? row : Promise.resolve(row))) as never);
    const { supervised } = supervise(repository);
    const before = await supervised.find('someone');
    Object.assign(row, { type: 'admin', hash: 'another' });
    expect(before).toEqual(USER);
    expect(await supervised.find('someone')).toEqual(row);
  });

  it('asks nothing before it is open, and everything once it is', async () => {
    let open = () => {};
    const repository = Object.assign(new MemoryUserRepository(), {
      open: () =>
        new Promise<void>((resolve) => {
          open = resolve;
        }),
    });
    const find = vi.spyOn(repository, 'find');
    const { supervised } = supervise(repository);
    const opening = supervised.open();
    const answers = Promise.all([supervised.insert(USER), supervised.find('someone')]);
    await new Promise(setImmediate);
    expect(find).not.toHaveBeenCalled();
    open();
    await opening;
    expect(await answers).toEqual([true, USER]);
    expect(supervised.find('someone')).toEqual(USER);
  });

  it('rejects every question, including waiting ones, if it cannot be opened', async () => {
    const open = vi.fn(async () => {
      throw new Error('no disk');
    });
    const { supervised } = supervise(Object.assign(new MemoryUserRepository(), { open }));
    const unavailable = expect.objectContaining({
      code: 'STORE_UNAVAILABLE',
      message: 'the user store is unavailable',
      cause: expect.objectContaining({ message: 'no disk' }),
    });
    const opening = supervised.open();
    const answer = supervised.find('someone');
    await expect(opening).rejects.toThrow(unavailable);
    await expect(answer).rejects.toThrow(StoreError);
    await expect(supervised.find('someone')).rejects.toThrow(StoreError);
    expect(open).toHaveBeenCalledTimes(1);
  });

  it('turns every error into a StoreError, and reports it', () => {
    const { supervised, onFailure } = supervise(noUsers);
    vi.spyOn(noUsers, 'find').mockImplementation(() => {
      throw new StoreError('mine');
    });
    expect(() => supervised.find('someone')).toThrow(new StoreError('mine'));
    expect(onFailure).toHaveBeenCalledWith(new StoreError('mine'));
    expect(() => supervised.insert(USER)).toThrow('there are no users: [auth] enabled is false');
  });

  it('keeps of the cause only what an operator needs, and no hash', async () => {
    const telling = Object.assign(new Error(`row (someone, ${HASH}) rejected`), {
      code: '23505',
      detail: { row: `(someone, ${HASH})` },
      query: { deep: { deep: { deep: { deep: [HASH] } } } },
    });
    Object.defineProperty(telling, 'hidden', { value: HASH, enumerable: false });
    const repository = new MemoryUserRepository();
    const find = vi.spyOn(repository, 'find');
    const { supervised } = supervise(repository);
    const causeOf = async (error: unknown): Promise<unknown> => {
      find.mockReturnValueOnce(Promise.reject(error) as never);
      return Promise.resolve(supervised.find('someone')).catch(({ cause }: StoreError) => cause);
    };
    const cause = await causeOf(telling);
    expect(cause).toMatchObject({ message: 'row (someone, (a hash)) rejected', code: '23505' });
    expect((cause as Error).stack).toContain('supervised.spec.ts');
    expect(inspect(cause, { depth: 20, showHidden: true })).not.toContain(HASH);
    expect(await causeOf(Object.assign(new Error('no'), { code: `of ${HASH}` }))).toMatchObject({
      code: 'of (a hash)',
    });
    expect(await causeOf('a string')).toMatchObject({ message: 'a string' });
    const bare = new Error('no stack');
    delete bare.stack;
    expect(await causeOf(bare)).toMatchObject({ message: 'no stack' });
  });

  it('removes hashes from the message of a StoreError', () => {
    const repository = new MemoryUserRepository();
    const { supervised } = supervise(repository);
    vi.spyOn(repository, 'find').mockImplementation(() => {
      throw new StoreError(`cannot read ${HASH}`);
    });
    expect(() => supervised.find('someone')).toThrow('cannot read (a hash)');
  });

  it('asks nothing after close()', () => {
    const repository = new MemoryUserRepository();
    const { supervised, onFailure } = supervise(repository);
    const find = vi.spyOn(repository, 'find');
    supervised.close();
    expect(() => supervised.find('someone')).toThrow('the user store is closed');
    expect(() => supervised.remove('someone')).toThrow('the user store is closed');
    expect(find).not.toHaveBeenCalled();
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('leaves no timer after an answer', async () => {
    vi.useFakeTimers();
    const repository = new MemoryUserRepository();
    vi.spyOn(repository, 'find').mockReturnValue(Promise.resolve(USER) as never);
    expect(await supervise(repository).supervised.find('someone')).toEqual(USER);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});
