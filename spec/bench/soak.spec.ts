import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Fault, Faults } from '../../bench/soak-faults.js';
import { allowedStatuses, type Credentials, History, type ModelUser, mayBeRead } from '../../bench/soak-model.js';
import { type Sample, unevenAmounts } from '../../bench/soak-samples.js';
import { FAILURE_WINDOW, GRACE } from '../../bench/soak-settings.js';
import { Verdicts } from '../../bench/soak-verdicts.js';

const JANE = { password: 'one', permissions: ['api'], enabled: true } as const;
const KEEP = 10_000;

describe('the oracle', () => {
  const password = (word: string): Credentials => ({ with: 'password', password: word });

  /** A user who was created, and is changed by a request that is sent at 100 and answered at 200. */
  function changed(to: ModelUser): History<ModelUser> {
    const user = new History<ModelUser>(undefined);
    user.settle(user.begin(JANE, 10), 20, KEEP);
    user.settle(user.begin(to, 100), 200, KEEP);
    return user;
  }

  const statusesOf = (
    user: History<ModelUser>,
    [asked, answered]: readonly [number, number],
    { credentials = password('one'), lag = 0 }: { credentials?: Credentials; lag?: number } = {},
  ) => [...allowedStatuses({ user, credentials, needs: 'api', asked, answered }, lag)].sort();

  it.each<[string, ModelUser, number]>([
    ['is deleted', undefined, 401],
    ['is disabled', { ...JANE, enabled: false }, 401],
    ['has another password', { ...JANE, password: 'two' }, 401],
    ['has other permissions', { ...JANE, permissions: ['config_api'] }, 403],
  ])('allows one answer before a user %s, either one meanwhile, and the other one afterwards', (_, to, after) => {
    const user = changed(to);
    expect(statusesOf(user, [30, 90])).toEqual([200]);
    expect(statusesOf(user, [90, 110])).toEqual([200, after]);
    expect(statusesOf(user, [190, 300])).toEqual([200, after]);
    expect(statusesOf(user, [200, 300])).toEqual([after]);
  });

  it('allows the former answer for as long as a notification may take', () => {
    const user = changed(undefined);
    expect(statusesOf(user, [1_100, 1_200], { lag: 1_000 })).toEqual([200, 401]);
    expect(statusesOf(user, [1_200, 1_300], { lag: 1_000 })).toEqual([401]);
  });

  it('allows both after a change without an answer, until the next one that is answered', () => {
    const user = new History<ModelUser>(JANE);
    user.begin(undefined, 10);
    expect(user.isSettled).toBe(false);
    expect(statusesOf(user, [9_000, 9_100])).toEqual([200, 401]);
    user.settle(user.begin(undefined, 10_000), 10_100, KEEP);
    expect(statusesOf(user, [10_100, 10_200])).toEqual([401]);
  });

  it('allows no key that has ended, whatever its owner may do', () => {
    const alive = new History(true);
    const credentials: Credentials = { with: 'secret', alive };
    const user = new History<ModelUser>(JANE);
    expect(statusesOf(user, [10, 20], { credentials })).toEqual([200]);
    alive.settle(alive.begin(false, 30), 40, KEEP);
    expect(statusesOf(user, [50, 60], { credentials })).toEqual([401]);
  });

  it('lets an admin read a user as it is', () => {
    const user = changed({ ...JANE, permissions: [] });
    const span = { asked: 200, answered: 210, lag: 0 };
    expect(mayBeRead(user, { permissions: [], enabled: true }, span)).toBe(true);
    expect(mayBeRead(user, { permissions: ['api'], enabled: true }, span)).toBe(false);
    expect(mayBeRead(user, { permissions: [], enabled: false }, span)).toBe(false);
    expect(mayBeRead(user, undefined, span)).toBe(false);
    expect(mayBeRead(changed(undefined), undefined, span)).toBe(true);
  });

  it('keeps no more of the past than requests in flight can see', () => {
    const user = new History<ModelUser>(undefined);
    for (let time = 0; time < 1_000; time += 10) user.settle(user.begin(JANE, time), time + 5, 100);
    expect(user.possible(0, 1_000, 0).length).toBeLessThan(15);
  });
});

describe('the verdicts', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(console, 'log').mockImplementation(() => {});
  });
  afterEach(() => void vi.useRealTimers());

  const OUTAGE = { milliseconds: 9_000, refuses: 'everything', isOutage: true } as const;
  const LOCK = { milliseconds: 9_000, refuses: 'changes' } as const;
  const fault = (kind: object): Fault => ({ name: 'a fault', begin: () => {}, end: () => {}, ...kind }) as Fault;

  async function during(kind: object, isShared = false) {
    const faults = new Faults(isShared);
    const verdicts = new Verdicts(faults);
    const suffered = faults.suffer(fault(kind));
    await vi.advanceTimersByTimeAsync(0);
    return { verdicts, suffered };
  }

  /** Judges an answer that arrives now, after so many milliseconds. */
  function judge(verdicts: Verdicts, status: number, options: object = {}, isAllowed = (_lag: number) => false): void {
    const answered = performance.now();
    const answer = { asked: answered - 10, answered, status, text: '', server: 0 };
    verdicts.judge({ kind: 'password', what: 'jane', ...answer, ...options }, isAllowed);
  }

  it('are wrong for an answer that the oracle does not allow, and say which', () => {
    const verdicts = new Verdicts(new Faults(false));
    judge(verdicts, 200, {}, () => true);
    judge(verdicts, 200);
    judge(verdicts, 503);
    judge(verdicts, 0);
    expect(verdicts.wrong).toEqual([
      expect.stringContaining('server 1, password: jane: 200'),
      expect.stringContaining('jane: 503'),
      expect.stringContaining('jane: 0'),
    ]);
    expect(verdicts.total).toBe(4);
  });

  it('excuse 503 of what a fault refuses, until shortly after it', async () => {
    const { verdicts, suffered } = await during(LOCK);
    judge(verdicts, 503, { isChange: true });
    expect(verdicts.wrong).toEqual([]);
    judge(verdicts, 503);
    expect(verdicts.wrong).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(9_000);
    await suffered;
    await vi.advanceTimersByTimeAsync(3_100);
    judge(verdicts, 503, { isChange: true });
    expect(verdicts.wrong).toHaveLength(2);
  });

  it('are wrong for an answer out of memory after the grace', async () => {
    const { verdicts } = await during(OUTAGE);
    await vi.advanceTimersByTimeAsync(GRACE + 400);
    judge(verdicts, 200, {}, () => true);
    expect(verdicts.wrong).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    judge(verdicts, 503);
    judge(verdicts, 401, { needsStore: false }, () => true);
    expect(verdicts.wrong).toEqual([]);
    judge(verdicts, 200, {}, () => true);
    expect(verdicts.wrong).toEqual([expect.stringContaining('away for longer than the grace')]);
  });

  it('count an answer that a late notification explains, where there are notifications', () => {
    const verdicts = new Verdicts(new Faults(true));
    judge(verdicts, 200, {}, (lag) => lag >= 200);
    expect([...verdicts.late]).toEqual([[300, 1]]);
    judge(verdicts, 200, {}, (lag) => lag >= 1_500);
    expect(verdicts.wrong).toHaveLength(1);
    const embedded = new Verdicts(new Faults(false));
    judge(embedded, 200, {}, (lag) => lag >= 20);
    expect(embedded.wrong).toHaveLength(1);
  });

  it('allow as many guesses in a window as the limit does, and three times as many where servers counted alone', async () => {
    const guess = (verdicts: Verdicts, count: number) => {
      for (let index = 0; index < count; index += 1) {
        const answered = performance.now();
        const answer = { asked: answered, answered, status: 401, text: '', server: 0 };
        verdicts.guessed({ kind: 'guess', what: 'jane', ...answer });
      }
    };
    const verdicts = new Verdicts(new Faults(true));
    guess(verdicts, 12);
    await vi.advanceTimersByTimeAsync(FAILURE_WINDOW + 1);
    guess(verdicts, 12);
    expect(verdicts.wrong).toEqual([]);
    guess(verdicts, 1);
    expect(verdicts.wrong).toHaveLength(1);
    const { verdicts: alone } = await during(OUTAGE);
    guess(alone, 32);
    expect(alone.wrong).toEqual([]);
    guess(alone, 1);
    expect(alone.wrong).toHaveLength(1);
  });
});

describe('memory and descriptors', () => {
  const samples = (change: (index: number) => Partial<Sample>): Sample[] =>
    Array.from({ length: 30 }, (_, index) => ({
      ...{ at: index * 10_000, rss: 120e6, heap: 20e6, descriptors: 40 },
      ...change(index),
    }));

  it('are flat if they only come and go', () => {
    const noise = (index: number) => (index % 3) - 1;
    const noisy = samples((index) => ({
      rss: 120e6 + noise(index) * 10e6,
      heap: 20e6 + noise(index) * 2e6,
      descriptors: 40 + Math.max(0, noise(index)) * 100,
    }));
    expect(unevenAmounts(noisy)).toEqual([]);
  });

  it('are not flat if they grow all the time', () => {
    const growing = samples((index) => ({
      rss: 120e6 + index * 1e6,
      heap: 20e6 + index * 0.2e6,
      descriptors: 40 + index,
    }));
    expect(unevenAmounts(growing)).toEqual(['rss', 'heap', 'descriptors']);
  });
});
