import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Barrier } from '../../../lib/stores/postgres/barrier.js';
import type { Answer, Ask, Statement } from '../../../lib/stores/postgres/driver.js';
import { TableNames } from '../../../lib/stores/postgres/table-names.js';

/** Milliseconds after which no process serves what was in memory before. */
const NOT_TRUSTED_AFTER = 910;

/** The timers of `node:timers/promises` under the control of the spec's clock. */
vi.mock('node:timers/promises', () => ({
  setTimeout: (milliseconds: number, _value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      signal?.addEventListener('abort', () => clearTimeout(timer));
    }),
}));

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** A connection whose statements the spec answers. */
function connection() {
  const sent: { readonly statement: Statement; readonly answer: (rows: Answer['rows']) => void }[] = [];
  let failure: Error | undefined;
  const ask: Ask = (statement) =>
    failure === undefined
      ? new Promise((resolve) => sent.push({ statement, answer: (rows) => resolve({ rows, rowCount: rows.length }) }))
      : Promise.reject(failure);
  return {
    ask,
    sent,
    fail: () => {
      failure = new Error('the connection is lost');
    },
    /** Answers the statement of this number: the processes that were asked. */
    answer: async (index: number, ...processes: readonly string[]) => {
      sent[index]?.answer(processes.map((pid) => ({ pid })));
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

/** A barrier of a process that listens, unless it is told otherwise. */
async function createBarrier({ joins = true } = {}) {
  const [listening, elsewhere] = [connection(), connection()];
  const barrier = new Barrier(new TableNames(), elsewhere.ask);
  const [questions, answers] = barrier.channels;
  if (joins) {
    void barrier.join(listening.ask);
    await listening.answer(0);
    listening.sent.length = 0;
  }
  const from = Date.now();
  return {
    barrier,
    listening,
    elsewhere,
    /** A change passes it. @returns how long that has taken, in milliseconds, undefined until then */
    pass: async (isListening = true) => {
      const passing: { took?: number; error?: Error } = {};
      const end = (error?: Error) => {
        passing.took = Date.now() - from;
        if (error !== undefined) passing.error = error;
      };
      barrier.pass(isListening).then(() => end(), end);
      await vi.advanceTimersByTimeAsync(0);
      return passing;
    },
    /** Another process answers the question of this number. */
    hear: async (number: number, pid: string) => {
      expect(barrier.take({ channel: answers, payload: `${number} ${pid}` })).toBe(true);
      await vi.advanceTimersByTimeAsync(0);
    },
    /** Another process asks. */
    beAsked: (channel: string, number: number) => barrier.take({ channel: questions, payload: `${channel} ${number}` }),
  };
}

describe('a change', () => {
  it('passes at once if no other process listens', async () => {
    const { pass, listening } = await createBarrier();
    const passing = await pass();
    expect(passing).toEqual({});
    await listening.answer(0);
    expect(passing).toEqual({ took: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits until each process that was asked has answered', async () => {
    const { pass, listening, hear } = await createBarrier();
    const passing = await pass();
    await listening.answer(0, '11', '12', '13');
    await hear(1, '12');
    await hear(1, '12');
    await hear(1, '99');
    await vi.advanceTimersByTimeAsync(20);
    await hear(1, '11');
    expect(passing).toEqual({});
    await hear(1, '13');
    expect(passing).toEqual({ took: 20 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts answers that arrive before it is known who was asked', async () => {
    const { pass, listening, hear } = await createBarrier();
    const passing = await pass();
    await hear(1, '11');
    await listening.answer(0, '11');
    expect(passing).toEqual({ took: 0 });
  });

  it('waits for a process that does not answer as long as that may serve from memory', async () => {
    const { pass, listening, hear } = await createBarrier();
    const passing = await pass();
    await listening.answer(0, '11', '12');
    await hear(1, '11');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(passing).toEqual({ took: NOT_TRUSTED_AFTER });
    await hear(1, '12');
  });

  it('waits as long if the processes cannot be asked', async () => {
    const { pass, listening } = await createBarrier();
    listening.fail();
    const passing = await pass();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(passing).toEqual({ took: NOT_TRUSTED_AFTER });
  });

  it('waits as long for other processes if this one does not hear them, and not if there are none', async () => {
    const { barrier, pass, elsewhere } = await createBarrier();
    barrier.leave();
    const alone = await pass();
    await elsewhere.answer(0);
    expect(alone).toEqual({ took: 0 });
    const passing = await pass();
    await elsewhere.answer(1, '11');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(passing).toEqual({ took: NOT_TRUSTED_AFTER });
  });

  it('waits 60 ms if this process has not listened for long, because another one may serve from memory', async () => {
    const { pass, listening } = await createBarrier();
    const passing = await pass(false);
    await listening.answer(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(passing).toEqual({ took: 60 });
  });

  it('does not count answers to a question that was sent before it', async () => {
    const { pass, listening, hear } = await createBarrier();
    const first = await pass();
    const second = await pass();
    await listening.answer(0, '11');
    await hear(1, '11');
    expect(first).toEqual({ took: 0 });
    expect(second).toEqual({});
    await listening.answer(1, '11');
    expect(second).toEqual({});
    await hear(2, '11');
    expect(second).toEqual({ took: 0 });
  });

  it('shares its question with those that come before that is sent', async () => {
    const { pass, listening } = await createBarrier();
    const all = [await pass(), await pass(), await pass(), await pass()];
    await listening.answer(0);
    await listening.answer(1);
    expect(all).toEqual(Array(4).fill({ took: 0 }));
    expect(listening.sent).toHaveLength(2);
  });

  it('waits no longer than that if questions do not even get away', async () => {
    const { pass } = await createBarrier();
    const first = await pass();
    await vi.advanceTimersByTimeAsync(500);
    const second = await pass();
    await vi.advanceTimersByTimeAsync(5_000);
    expect([first.took, second.took]).toEqual([NOT_TRUSTED_AFTER, 500 + NOT_TRUSTED_AFTER]);
  });

  it('fails when the repository is closed: nobody knows whether it is in force everywhere', async () => {
    const { barrier, pass, listening } = await createBarrier();
    const passing = await pass();
    await listening.answer(0, '11');
    const error = new Error('the user store is closed');
    barrier.close(() => error);
    await vi.advanceTimersByTimeAsync(0);
    expect(passing).toEqual({ took: 0, error });
    expect(await pass()).toEqual({ took: 0, error });
  });
});

describe('a question of another process', () => {
  it('is answered on the channel of that process', async () => {
    const { beAsked, listening } = await createBarrier();
    expect(beAsked('theirs', 7)).toBe(true);
    expect(listening.sent.map(({ statement }) => statement.values)).toEqual([[['theirs'], ['7']]]);
  });

  it('is answered also if it comes together with the lock', async () => {
    const { barrier, beAsked, listening } = await createBarrier({ joins: false });
    void barrier.join(listening.ask);
    beAsked('theirs', 1);
    expect(listening.sent.map(({ statement }) => statement.values)).toEqual([undefined, [['theirs'], ['1']]]);
  });

  it.each(['', ' 1', 'theirs', 'theirs x', `${'x'.repeat(64)} 1`, `theirs ${'1'.repeat(7_000)}`, 'two words 1'])(
    'that no process of this package asks is not answered: %j',
    async (payload) => {
      const { barrier, listening } = await createBarrier();
      expect(barrier.take({ channel: barrier.channels[0], payload })).toBe(true);
      expect(listening.sent).toEqual([]);
    },
  );

  it('waits for the answer before it, and is answered together with others', async () => {
    const { beAsked, listening } = await createBarrier();
    for (let number = 1; number <= 250; number += 1) beAsked(number % 2 === 1 ? 'one' : 'other', number);
    for (let index = 0; index < 10; index += 1) await listening.answer(index);
    const answered = listening.sent.map(({ statement }) => statement.values?.[1] as string[]);
    expect(answered.map(({ length }) => length)).toEqual([1, 100, 100, 49]);
    expect(answered.flat()).toEqual(Array.from({ length: 250 }, (_, index) => String(index + 1)));
  });

  it('is not answered by the process that asked, nor by one that has lost its connection', async () => {
    const { barrier, beAsked, listening } = await createBarrier();
    beAsked(barrier.channels[1], 1);
    barrier.leave();
    beAsked('theirs', 1);
    expect(listening.sent).toEqual([]);
  });

  it('need not be answered: a failure is left to whoever keeps the connection', async () => {
    const { beAsked, listening } = await createBarrier();
    listening.fail();
    beAsked('theirs', 1);
    await vi.advanceTimersByTimeAsync(0);
    expect(listening.sent).toEqual([]);
  });
});

it('other notifications are left to others', async () => {
  const { barrier } = await createBarrier();
  expect(barrier.take({ channel: new TableNames().channel, payload: 'someone' })).toBe(false);
  expect(barrier.take({ channel: barrier.channels[0] })).toBe(true);
});
