import { inspect } from 'node:util';
import { MemoryUserRepository, type StoredUser, StoreError, type UserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { NamePattern } from '../../../lib/users/name-pattern.js';
import { noUsers } from '../../../lib/users/repositories/none.js';
import { SupervisedRepository } from '../../../lib/users/repositories/supervised.js';

const HASH = `$2b$10$${'x'.repeat(53)}`;
const USER: StoredUser = { name: 'someone', type: 'normal', permissions: [], hash: HASH, revision: '1' };
const QUERY = { pattern: new NamePattern(''), offset: 0, limit: 10 };

function supervise(repository: UserRepository) {
  const onFailure = vi.fn();
  return { supervised: new SupervisedRepository(repository, onFailure), onFailure };
}

describe('a supervised repository', () => {
  it('passes every question on, and without a promise where there is none', async () => {
    const { supervised, onFailure } = supervise(new MemoryUserRepository());
    await supervised.open();
    expect(supervised.insert(USER)).toBe(true);
    expect(supervised.find('someone')).toBe(USER);
    expect(supervised.list(QUERY)).toEqual([USER]);
    expect(supervised.replace({ ...USER, revision: '2' }, '1')).toBe('replaced');
    expect(supervised.remove('someone')).toBe('removed');
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('makes whatever is thrown a StoreError, and tells of it', () => {
    const { supervised, onFailure } = supervise(noUsers);
    const own = new StoreError('mine');
    vi.spyOn(noUsers, 'find').mockImplementation(() => {
      throw own;
    });
    expect(() => supervised.find('someone')).toThrow(own);
    expect(onFailure).toHaveBeenCalledWith(own);
    expect(() => supervised.insert(USER)).toThrow('there are no users: [auth] enabled is false');
  });

  it('keeps the cause, unless a hash shows in it anywhere', async () => {
    const plain = new Error('connection lost');
    const telling = Object.assign(new Error('row rejected'), { detail: { row: `(someone, ${HASH})` } });
    const repository = new MemoryUserRepository();
    const find = vi.spyOn(repository, 'find');
    const { supervised } = supervise(repository);
    const causeOf = async (error: unknown): Promise<unknown> => {
      find.mockReturnValueOnce(Promise.reject(error) as never);
      return Promise.resolve(supervised.find('someone')).catch(({ cause }: StoreError) => cause);
    };
    expect(await causeOf(plain)).toBe(plain);
    const shown = inspect(await causeOf(telling), { depth: 9 });
    expect(shown).toContain('row rejected');
    expect(shown).toContain('(a hash)');
    expect(shown).not.toContain(HASH);
  });

  it('asks nothing more when it is closed', () => {
    const repository = new MemoryUserRepository();
    const { supervised, onFailure } = supervise(repository);
    const find = vi.spyOn(repository, 'find');
    supervised.close();
    expect(() => supervised.find('someone')).toThrow('the user store is closed');
    expect(() => supervised.remove('someone')).toThrow('the user store is closed');
    expect(find).not.toHaveBeenCalled();
    expect(onFailure).not.toHaveBeenCalled();
  });

  it('leaves no timer behind an answer', async () => {
    vi.useFakeTimers();
    const repository = new MemoryUserRepository();
    vi.spyOn(repository, 'find').mockReturnValue(Promise.resolve(USER) as never);
    expect(await supervise(repository).supervised.find('someone')).toBe(USER);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});
