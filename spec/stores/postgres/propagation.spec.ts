import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Propagation } from '../../../lib/stores/postgres/changes.js';

/** The timers of `node:timers/promises` under the control of the spec's clock. */
vi.mock('node:timers/promises', () => ({
  setTimeout: (milliseconds: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(value), milliseconds);
      signal?.addEventListener('abort', () => clearTimeout(timer));
    }),
}));

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** Of this outcome the database notifies the processes. */
const isNotified = (outcome: unknown) => outcome === 'replaced';

/** A change, and the time in milliseconds that its answer took, undefined until then. */
function change(propagation: Propagation, outcome: unknown, { isListening = true } = {}) {
  const from = Date.now();
  const answer: { took?: number; value?: unknown } = {};
  void propagation
    .afterChange('someone', async () => outcome, isNotified, isListening)
    .then((value) => {
      answer.took = Date.now() - from;
      answer.value = value;
    });
  return answer;
}

describe('a change that processes are notified of', () => {
  const outcome = 'replaced';

  it('is answered 10 ms after this process gets the notification', async () => {
    const propagation = new Propagation();
    const answer = change(propagation, outcome);
    await vi.advanceTimersByTimeAsync(30);
    expect(answer).toEqual({});
    propagation.notified('someone else');
    await vi.advanceTimersByTimeAsync(10);
    propagation.notified('someone');
    await vi.advanceTimersByTimeAsync(100);
    expect(answer).toEqual({ took: 50, value: outcome });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is answered after 110 ms without a notification', async () => {
    const answer = change(new Propagation(), outcome);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answer).toEqual({ took: 110, value: outcome });
  });

  it('is answered after 60 ms if this process has not listened for long, because another one may serve from memory', async () => {
    const propagation = new Propagation();
    const answer = change(propagation, outcome, { isListening: false });
    await vi.advanceTimersByTimeAsync(5);
    propagation.notified('someone');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answer).toEqual({ took: 60, value: outcome });
  });
});

it('a change that no process is notified of is answered at once', async () => {
  const answer = change(new Propagation(), 'conflict');
  await vi.advanceTimersByTimeAsync(0);
  expect(answer).toEqual({ took: 0, value: 'conflict' });
  expect(vi.getTimerCount()).toBe(0);
});

it('a failed change is answered at once', async () => {
  const failing = new Propagation().afterChange(
    'someone',
    () => Promise.reject(new Error('no disk')),
    isNotified,
    true,
  );
  await expect(failing).rejects.toThrow('no disk');
  expect(vi.getTimerCount()).toBe(0);
});

it('a notification that arrives before the answer of the database counts', async () => {
  const propagation = new Propagation();
  let took: number | undefined;
  const from = Date.now();
  void propagation
    .afterChange(
      'error',
      async () => {
        propagation.notified('error');
        return 'replaced';
      },
      isNotified,
      true,
    )
    .then(() => {
      took = Date.now() - from;
    });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(took).toBe(10);
});
