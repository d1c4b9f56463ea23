import { expect, it, vi } from 'vitest';
import { ChangeQueue } from '../../../lib/stores/sqlite/change-queue.js';
import { remove } from '../../../lib/stores/sqlite/statements.js';
import type { WriterCall, WriterReply } from '../../../lib/stores/sqlite/writer.js';
import { failure } from '../../support/failure.js';

const clock = vi.hoisted(() => ({ time: 0 }));

// It goes on with each look, so that nobody waits for it in vain.
vi.mock('../../../lib/clock.js', () => ({ now: () => clock.time++ }));

const late = failure('OVERLOADED', 503, 'changes of the user store wait for its disk: try again later');

it('changes that wait for four seconds while the disk hangs are refused, and not made later', async () => {
  const calls: WriterCall[] = [];
  let reply: (reply: WriterReply) => void = () => {};
  const ask = (call: WriterCall) => {
    calls.push(call);
    return new Promise<WriterReply>((resolve) => {
      reply = resolve;
    });
  };
  const changes = new ChangeQueue({ ask, close: async () => {} }, () => {});
  const made = { written: [], otherwise: undefined };
  const first = changes.make(remove('first'));
  const second = changes.make(remove('second'));
  clock.time += 4_000;
  const third = changes.make(remove('third'));
  reply({ kind: 'done', outcomes: [made] });
  expect(await first).toEqual(made);
  await expect(second).rejects.toThrow(late);
  reply({ kind: 'done', outcomes: [made] });
  expect(await third).toEqual(made);
  expect(calls.map((call) => call.method === 'write' && call.changes)).toEqual([[remove('first')], [remove('third')]]);
});

it('changes behind a hanging one are refused when they are overdue, and the state is reported', async () => {
  const told: (string | undefined)[] = [];
  const ask = () => new Promise<WriterReply>(() => {});
  const changes = new ChangeQueue({ ask, close: async () => {} }, (failure) => told.push(failure));
  changes.look();
  void changes.make(remove('first'));
  const second = changes.make(remove('second'));
  changes.look();
  expect(told).toEqual([]);
  clock.time += 4_000;
  changes.look();
  expect(told).toEqual(['the disk has not answered for 4 seconds']);
  await expect(second).rejects.toThrow(late);
});

it('nothing is written if all waiting changes are overdue', async () => {
  let reply: (reply: WriterReply) => void = () => {};
  const ask = vi.fn(
    () =>
      new Promise<WriterReply>((resolve) => {
        reply = resolve;
      }),
  );
  const changes = new ChangeQueue({ ask, close: async () => {} }, () => {});
  const first = changes.make(remove('first'));
  const second = changes.make(remove('second'));
  clock.time += 4_000;
  reply({ kind: 'failed', reason: 'no room' });
  await expect(first).rejects.toThrow('the user store cannot be changed');
  await expect(second).rejects.toThrow(late);
  await changes.finish();
  expect(ask).toHaveBeenCalledTimes(1);
});
