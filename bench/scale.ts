import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decimals, type Measure, ratio, type Tables } from './measure.js';
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

/** The tables of a comparison. */
export function scaleTables(what: string): Measure['tables'] {
  const milliseconds = decimals(2, 10);
  return {
    times: { columns: { [`1,000 ${what}`]: milliseconds, [`1,000,000 ${what}`]: milliseconds, ratio } },
    memory: { columns: { MiB: decimals(1) } },
  };
}

/** Compares the cost of a million users or keys in SQLite with that of a thousand, in alternating rounds. */
export async function compareScales<Time extends string>(scale: Scale<Time>, rounds: number): Promise<Tables> {
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
  return {
    times: times.map((time) => ({
      milliseconds: time,
      [`1,000 ${what}`]: of(FEW, time),
      [`1,000,000 ${what}`]: of(MANY, time),
      ratio: of(MANY, time) / of(FEW, time),
    })),
    memory: [
      {
        'heap and external memory': `a million ${what} more than a thousand`,
        MiB: (of(MANY, 'memory') - of(FEW, 'memory')) / 2 ** 20,
      },
    ],
  };
}
