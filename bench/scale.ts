import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, start, stop } from './process.js';

const FEW = 1_000;
const MANY = 1_000_000;

/** A comparison of a small store with a large one. */
interface Scale<Time extends string> {
  /** The things that the large store has many of. */
  readonly what: string;
  /** The times that the program measures, in milliseconds. It reports its memory, in bytes, as `memory`. */
  readonly times: readonly Time[];
  /** A program that measures a store: `PROGRAM FILE COUNT`. */
  readonly program: string;
  readonly fill: (file: string, count: number) => Promise<void>;
}

/** Compares the cost of a million users or keys in SQLite with that of a thousand, in alternating rounds. */
export async function compareScales<Time extends string>(scale: Scale<Time>, rounds: number): Promise<void> {
  const { what, times, program, fill } = scale;
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const fileOf = (count: number) => join(folder, `${count}.db`);
  type Measured = Readonly<Record<Time | 'memory', number>>;
  const results = new Map<number, Measured[]>([
    [FEW, []],
    [MANY, []],
  ]);
  for (const count of results.keys()) {
    process.stderr.write(`filling a store with ${count} ${what}\n`);
    await fill(fileOf(count), count);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [count, measured] of results) {
      const { child, told } = await start<Measured>(program, [fileOf(count), String(count)], ['--expose-gc']);
      measured.push(told);
      await stop(child);
    }
  }
  rmSync(folder, { recursive: true });

  const of = (count: number, measure: Time | 'memory') =>
    median((results.get(count) as Measured[]).map((each) => each[measure]));
  console.log(`\n${what} in SQLite, milliseconds, medians of ${rounds} rounds`);
  const row = (time: Time) => ({
    [`1,000 ${what}`]: of(FEW, time).toFixed(2),
    [`1,000,000 ${what}`]: of(MANY, time).toFixed(2),
    ratio: (of(MANY, time) / of(FEW, time)).toFixed(2),
  });
  console.table(Object.fromEntries(times.map((time) => [time, row(time)])));
  const mebibytes = (of(MANY, 'memory') - of(FEW, 'memory')) / 2 ** 20;
  console.log(`Heap and external memory, a million ${what} more than a thousand: ${mebibytes.toFixed(1)} MiB`);
}
