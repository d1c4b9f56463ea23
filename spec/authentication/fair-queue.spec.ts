import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../lib/authentication/fair-queue.js';

/** A queue, and the names of those whose turn it is, one after the other, until nobody waits. */
function createQueue() {
  const queue = new FairQueue();
  const names = new Map<() => Promise<unknown>, string>();
  const enqueue = (name: string, isKnown?: boolean) => {
    const run = async () => name;
    names.set(run, name);
    queue.enqueue(run, isKnown === undefined ? undefined : { isKnown, id: name });
  };
  const next = () => names.get(queue.dequeue() as () => Promise<unknown>);
  const rest = () => Array.from({ length: queue.size }, next);
  return { queue, enqueue, next, rest };
}

describe('the queue for bcrypt', () => {
  it('runs four known clients for each stranger', () => {
    const { enqueue, rest } = createQueue();
    for (let index = 1; index <= 3; index += 1) enqueue(`s${index}`, false);
    for (let index = 1; index <= 9; index += 1) enqueue(`k${index}`, true);
    expect(rest()).toEqual(['k1', 'k2', 'k3', 'k4', 's1', 'k5', 'k6', 'k7', 'k8', 's2', 'k9', 's3']);
  });

  it('runs a stranger soon, however long only known clients came', () => {
    const { enqueue, next } = createQueue();
    for (let index = 0; index < 50; index += 1) enqueue('k', true);
    for (let index = 0; index < 20; index += 1) next();
    enqueue('s', false);
    expect(next()).toBe('s');
    expect(next()).toBe('k');
  });

  it('is empty when nobody waits, and treats an unmarked client as a stranger', () => {
    const { queue, enqueue, next } = createQueue();
    expect(queue.dequeue()).toBeUndefined();
    enqueue('somebody');
    expect(queue.filter({ isKnown: false })).toHaveLength(1);
    expect(next()).toBe('somebody');
    expect(queue.size).toBe(0);
  });

  it('removes clients of both groups that give up', () => {
    const { queue, enqueue, rest } = createQueue();
    for (const name of ['s1', 's2']) enqueue(name, false);
    for (const name of ['k1', 'k2']) enqueue(name, true);
    queue.remove('s1');
    queue.remove('k2');
    queue.remove('nobody');
    expect([queue.filter({ isKnown: true }), queue.filter({ isKnown: false })].map(({ length }) => length)).toEqual([
      1, 1,
    ]);
    expect(rest()).toEqual(['k1', 's2']);
  });
});
