import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { median } from './process.js';
import type { SoakTold } from './soak-process.js';

/** The memory and the descriptors of a server at a moment. */
export interface Sample {
  /** Milliseconds since the beginning. */
  readonly at: number;
  /** Bytes. */
  readonly rss: number;
  /** Bytes in use after a garbage collection, and those outside the heap. */
  readonly heap: number;
  readonly descriptors: number;
}

type Amount = Exclude<keyof Sample, 'at'>;

/** How an amount is read from samples, and the growth that counts as flat: a part of what it was, or so much, whichever is more. */
interface Measure {
  readonly of: (values: readonly number[]) => number;
  readonly part: number;
  readonly atLeast: number;
}

const least = (values: readonly number[]) => Math.min(...values);

const MEASURES: Readonly<Record<Amount, Measure>> = {
  // The allocator keeps what it once had.
  rss: { of: median, part: 0.15, atLeast: 15e6 },
  heap: { of: median, part: 0.1, atLeast: 3e6 },
  // Connections of clients and of the pool come and go. Those that are never closed raise the least number.
  descriptors: { of: least, part: 0, atLeast: 10 },
};

/** The criterion, in words. */
export const FLATNESS: string =
  'the last third of the samples is compared with the first: flat is a median RSS up to 15 % or 15 MB above, a median heap ' +
  'up to 10 % or 3 MB above, and a least number of descriptors up to 10 above';

/** Asks a server what it takes. */
export async function takeSample(child: ChildProcess, begin: number): Promise<Sample> {
  const told = once(child, 'message');
  child.send('sample');
  const [{ rss, heap }] = (await told) as [Extract<SoakTold, { rss: number }>];
  const descriptors = readdirSync(`/proc/${child.pid}/fd`).length;
  return { at: performance.now() - begin, rss, heap, descriptors };
}

/** The medians of the first third of the samples, and of the last. */
export function growthOf(samples: readonly Sample[], amount: Amount): { readonly from: number; readonly to: number } {
  const values = samples.map((sample) => sample[amount]);
  const third = Math.max(1, Math.floor(values.length / 3));
  const { of } = MEASURES[amount];
  return { from: of(values.slice(0, third)), to: of(values.slice(-third)) };
}

/** The amounts that are not flat. */
export function unevenAmounts(samples: readonly Sample[]): Amount[] {
  return (Object.keys(MEASURES) as Amount[]).filter((amount) => {
    const { from, to } = growthOf(samples, amount);
    const { part, atLeast } = MEASURES[amount];
    return to - from > Math.max(from * part, atLeast);
  });
}
