import { MemoryUserRepository, StoreError, type StoreSettings, type UserRepository } from 'kapacitor-auth';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SupervisedRepository } from '../../lib/stores/supervised.js';
import { userNamed } from '../support/stored-user.js';

const START = new Date('2026-11-24T12:00:00Z');
const HASH = `$2b$10$${'x'.repeat(53)}`;

function supervise(repository: UserRepository) {
  const onState = vi.fn();
  const supervised = new SupervisedRepository(repository, { grace: 7_000, onFailure: () => {}, onState });
  return { supervised, onState };
}

/** A repository that can be opened, and what it is told then. */
function selfReporting() {
  let settings: StoreSettings | undefined;
  const repository = Object.assign(new MemoryUserRepository(), {
    open: (given: StoreSettings) => {
      settings = given;
    },
  });
  return { repository, settings: () => settings as StoreSettings };
}

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the health of a store that does not report it', () => {
  it('follows from its last answer, and each change is reported once', async () => {
    const repository = new MemoryUserRepository();
    const find = vi.spyOn(repository, 'find');
    const { supervised, onState } = supervise(repository);
    expect(supervised.health).toEqual({ state: 'up', since: START, reason: undefined });
    find.mockImplementation(() => {
      throw new Error(`no disk for ${HASH}`);
    });
    vi.advanceTimersByTime(1_000);
    expect(() => supervised.find('someone')).toThrow(StoreError);
    const down = { state: 'down', since: new Date(START.getTime() + 1_000), reason: 'no disk for (a hash)' };
    expect(supervised.health).toEqual(down);
    vi.advanceTimersByTime(1_000);
    expect(() => supervised.find('someone')).toThrow(StoreError);
    expect(supervised.health).toEqual(down);
    find.mockReturnValue(undefined);
    expect(supervised.find('someone')).toBeUndefined();
    const up = { state: 'up', since: new Date(START.getTime() + 2_000), reason: undefined };
    expect(supervised.health).toEqual(up);
    expect(onState.mock.calls).toEqual([[down], [up]]);
  });

  it('follows from promised answers as well, and from every kind of question', async () => {
    const repository = new MemoryUserRepository();
    const { supervised } = supervise(repository);
    vi.spyOn(repository, 'find').mockReturnValueOnce(Promise.reject(new StoreError('busy')) as never);
    await expect(supervised.find('someone')).rejects.toThrow('busy');
    expect(supervised.health).toMatchObject({ state: 'down', reason: 'busy' });
    expect(supervised.remove('someone')).toBe('not-found');
    expect(supervised.health.state).toBe('up');
    vi.spyOn(repository, 'insert').mockReturnValueOnce(Promise.reject(new Error('full')) as never);
    await expect(supervised.insert({} as never)).rejects.toThrow(StoreError);
    expect(supervised.health).toMatchObject({ state: 'down', reason: 'full' });
    vi.spyOn(repository, 'find').mockReturnValueOnce(Promise.resolve(undefined) as never);
    await supervised.find('someone');
    expect(supervised.health.state).toBe('up');
  });

  it('is up after open(), and down before it and after close()', async () => {
    const { repository } = selfReporting();
    const { supervised, onState } = supervise(repository);
    expect(supervised.health).toEqual({ state: 'down', since: START, reason: 'the user store is not open yet' });
    await supervised.open();
    expect(supervised.health.state).toBe('up');
    supervised.close();
    expect(supervised.health).toMatchObject({ state: 'down', reason: 'the user store is closed' });
    expect(onState).toHaveBeenCalledTimes(1);
  });
});

describe('the health of a store that reports it', () => {
  it('is what it reports, whatever happens to questions', async () => {
    const { repository, settings } = selfReporting();
    const { supervised, onState } = supervise(repository);
    await supervised.open();
    expect(settings().grace).toBe(7_000);
    settings().report('up');
    settings().report('grace', `gone with ${HASH}`);
    expect(supervised.health).toMatchObject({ state: 'grace', reason: 'gone with (a hash)' });
    expect(supervised.find('someone')).toBeUndefined();
    expect(supervised.health.state).toBe('grace');
    settings().report('grace', 'still gone');
    expect(supervised.health).toMatchObject({ state: 'grace', reason: 'still gone' });
    vi.spyOn(repository, 'remove').mockImplementation(() => {
      throw new Error('no');
    });
    settings().report('up');
    expect(() => supervised.remove('someone')).toThrow(StoreError);
    expect(supervised.health.state).toBe('up');
    expect(onState.mock.calls.map(([{ state }]) => state)).toEqual(['up', 'grace', 'up']);
  });

  it('is ignored after close()', async () => {
    const { repository, settings } = selfReporting();
    const { supervised, onState } = supervise(repository);
    await supervised.open();
    supervised.close();
    settings().report('grace', 'gone');
    expect(supervised.health).toMatchObject({ state: 'down', reason: 'the user store is closed' });
    expect(onState).toHaveBeenCalledTimes(1);
  });
});

describe('a store that cannot be opened', () => {
  function notThereFor(attempts: number) {
    const open = vi.fn(async () => {
      if (open.mock.calls.length <= attempts) throw new Error('connection refused');
    });
    return { open, ...supervise(Object.assign(new MemoryUserRepository(), { open })) };
  }

  it('is opened again each second until it opens, and then answers', async () => {
    const { open, supervised, onState } = notThereFor(2);
    await expect(supervised.open()).rejects.toThrow(StoreError);
    expect(supervised.health).toMatchObject({ state: 'down', reason: 'connection refused' });
    await vi.advanceTimersByTimeAsync(999);
    expect(open).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(open).toHaveBeenCalledTimes(2);
    await expect(supervised.find('someone')).rejects.toThrow(StoreError);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(open).toHaveBeenCalledTimes(3);
    expect(supervised.find('someone')).toBeUndefined();
    expect(supervised.health.state).toBe('up');
    expect(onState.mock.calls.map(([{ state }]) => state)).toEqual(['down', 'up']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fails each question at once, also during an attempt', async () => {
    const hanging = vi.fn(async () => {
      if (hanging.mock.calls.length === 1) throw new Error('connection refused');
      await new Promise(() => {});
    });
    const { supervised } = supervise(Object.assign(new MemoryUserRepository(), { open: hanging }));
    await expect(supervised.open()).rejects.toThrow(StoreError);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(hanging).toHaveBeenCalledTimes(2);
    await expect(supervised.find('someone')).rejects.toThrow(StoreError);
  });

  it('is not opened again after close()', async () => {
    const { open, supervised } = notThereFor(9);
    await expect(supervised.open()).rejects.toThrow(StoreError);
    supervised.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(open).toHaveBeenCalledTimes(1);
  });

  it('is not opened again if close() comes during an attempt', async () => {
    let fail = (_error: Error) => {};
    const open = vi.fn(
      () =>
        new Promise<void>((_, reject) => {
          fail = reject;
        }),
    );
    const { supervised } = supervise(Object.assign(new MemoryUserRepository(), { open }));
    const opening = supervised.open();
    supervised.close();
    fail(new Error('connection refused'));
    await expect(opening).rejects.toThrow(StoreError);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not run a question later that was rejected during a slow attempt', async () => {
    const open = () => new Promise<void>((resolve) => setTimeout(resolve, 6_000));
    const repository = Object.assign(new MemoryUserRepository(), { open });
    const asked = (['find', 'list', 'insert', 'replace', 'remove'] as const).map((method) =>
      vi.spyOn(repository, method),
    );
    const { supervised } = supervise(repository);
    const opening = supervised.open();
    const questions = [
      () => supervised.find('someone'),
      () => supervised.list({} as never),
      () => supervised.insert(userNamed('someone')),
      () => supervised.replace(userNamed('someone'), '1'),
      () => supervised.remove('someone'),
    ];
    const refusals = questions.map((ask) => expect(ask()).rejects.toThrow(StoreError));
    await vi.advanceTimersByTimeAsync(4_500);
    await Promise.all(refusals);
    // This one has not waited for so long when it opens.
    const later = supervised.insert(userNamed('other'));

    await vi.advanceTimersByTimeAsync(1_500);
    await opening;
    expect(await later).toBe(true);
    expect(asked.map((method) => method.mock.calls.length)).toEqual([0, 0, 1, 0, 0]);
    expect(repository.find('someone')).toBeUndefined();
    expect(repository.find('other')).toMatchObject({ name: 'other' });
  });
});
