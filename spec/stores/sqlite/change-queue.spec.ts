import { afterEach, describe, expect, it, vi } from 'vitest';

import { ChangeQueue } from '../../../lib/stores/sqlite/change-queue.js';
import { remove } from '../../../lib/stores/sqlite/statements.js';
import type { WriterCall, WriterReply } from '../../../lib/stores/sqlite/writer.js';
import { failure } from '../../support/failure.js';

/** Changes that go to a writer, which gives these replies one after another, and then writes everything. */
function setUp(...replies: WriterReply[]) {
  const calls: WriterCall[] = [];
  const told: (string | undefined)[] = [];
  const ask = async (call: WriterCall): Promise<WriterReply> => {
    calls.push(call);
    const changes = call.method === 'write' ? call.changes : [];
    const outcomes = changes.map(() => ({ written: [], otherwise: undefined }));
    return replies.shift() ?? { kind: 'done', outcomes };
  };
  const changes = new ChangeQueue({ ask, close: async () => {} }, (reason) => told.push(reason));
  return { changes, calls, told, ask };
}

afterEach(() => {
  vi.useRealTimers();
});

const change = remove('someone');
const BUSY: WriterReply = { kind: 'busy' };

describe('changes', () => {
  it('that arrive during a write are written together', async () => {
    const { changes, calls } = setUp();
    await Promise.all([1, 2, 3, 4].map(() => changes.make(change)));
    expect(calls).toEqual([
      { method: 'write', changes: [change] },
      { method: 'write', changes: [change, change, change] },
    ]);
  });

  it('are split into several transactions, so that other processes have their turn', async () => {
    const { changes, calls } = setUp();
    await Promise.all(Array.from({ length: 402 }, () => changes.make(change)));
    expect(calls.map((call) => call.method === 'write' && call.changes.length)).toEqual([1, 200, 200, 1]);
  });

  it('are retried while another process writes, and keep their order', async () => {
    const { changes, calls, told } = setUp(BUSY, BUSY);
    const [first, second] = [remove('first'), remove('second')];
    await Promise.all([changes.make(first), changes.make(second)]);
    expect(calls.map((call) => call.method === 'write' && call.changes)).toEqual([
      [first],
      [first, second],
      [first, second],
    ]);
    expect(told).toEqual([undefined]);
  });

  it('fail if they cannot be written, and the next one is tried', async () => {
    const { changes, told } = setUp({ kind: 'failed', reason: 'database or disk is full' });
    const refused = changes.make(change);
    await expect(refused).rejects.toThrow(failure('STORE_UNAVAILABLE', 503, 'the user store cannot be changed'));
    // The reason is the operator's: it may name the file.
    await expect(refused).rejects.toMatchObject({ cause: new Error('database or disk is full') });
    expect(await changes.make(change)).toEqual({ written: [], otherwise: undefined });
    expect(told).toEqual(['database or disk is full', undefined]);
  });

  it('fail if the writer cannot be reached', async () => {
    const ask = () => Promise.reject(new Error('no threads are allowed'));
    const changes = new ChangeQueue({ ask, close: async () => {} }, () => {});
    await expect(changes.make(change)).rejects.toMatchObject({ cause: new Error('no threads are allowed') });
  });

  it('that break a rule of the table fail alone', async () => {
    const made = { written: [], otherwise: undefined };
    const { changes } = setUp(
      { kind: 'done', outcomes: [made] },
      { kind: 'done', outcomes: [{ refused: 'no' }, made] },
    );
    const [first, second, third] = await Promise.allSettled([1, 2, 3].map(() => changes.make(change)));
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toMatchObject({ reason: { message: 'the user store refuses the change', cause: new Error('no') } });
    expect(third).toMatchObject({ status: 'fulfilled' });
  });
});

describe('the log', () => {
  it('is written into the file a second after the first change', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { changes, calls } = setUp();
    const checkpoints = () => calls.filter(({ method }) => method === 'checkpoint').length;
    for (const expected of [1, 2]) {
      await changes.make(change);
      await vi.advanceTimersByTimeAsync(600);
      await changes.make(change);
      await vi.advanceTimersByTimeAsync(399);
      expect(checkpoints()).toBe(expected - 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(checkpoints()).toBe(expected);
    }
    await changes.make(change);
    await changes.finish();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(checkpoints()).toBe(2);
  });

  it('stays after a failed change', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { changes, calls } = setUp({ kind: 'failed', reason: 'full' });
    await expect(changes.make(change)).rejects.toThrow();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(calls).toHaveLength(1);
  });
});

describe('a probe', () => {
  it('tells whether changes can be made', async () => {
    const { changes, calls, told } = setUp({ kind: 'failed', reason: 'full' }, BUSY);
    for (let count = 0; count < 3; count += 1) {
      changes.probe();
      await changes.finish();
    }
    expect(calls).toEqual(Array.from({ length: 3 }, () => ({ method: 'probe' })));
    expect(told).toEqual(['full', undefined]);
  });

  it('is not needed after a change', async () => {
    const { changes, calls } = setUp();
    const made = changes.make(change);
    changes.probe();
    await made;
    await changes.finish();
    expect(calls.map(({ method }) => method)).toEqual(['write']);
  });
});
