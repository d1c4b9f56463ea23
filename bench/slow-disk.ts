import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { slowSync } from '../spec/support/slow-sync.js';
import { USER } from './apps.js';
import { basicCredentials } from './client.js';
import { decimals, type Measure, type Tables } from './measure.js';
import { median, start, stop } from './process.js';

/** Milliseconds that are added to each wait for the disk. */
const SLOW = 10;
const CHANGES_PER_SECOND = 50;
const CONNECTIONS = 2;
/** Milliseconds. */
const WARM_UP = 2_000;
const MEASURE = 4_000;

interface Measured {
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
  readonly slowest: number;
  /** Changes a second meanwhile. */
  readonly changes: number;
}

export const SLOW_DISK: Measure = {
  about: 'What other users notice of changes while the disk is slow. Needs a C compiler.',
  measure: measureSlowDisk,
  tables: {
    requests: {
      columns: {
        'median, ms': decimals(2),
        'p99, ms': decimals(2),
        'slowest, ms': decimals(1),
        'changes/s': decimals(1, 10),
      },
    },
    p99: { columns: { 'relative to that without': decimals(1) } },
  },
};

/** Measures how long cached requests take while other users are changed on a slow disk. */
async function measureSlowDisk(rounds: number): Promise<Tables> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const environment = slowSync(SLOW, folder);
  const args = [join(folder, 'auth', 'users.db'), USER.name, USER.password];
  const { child, told: port } = await start<number>('./slow-disk-process.ts', args, [], environment);
  /** Sets the milliseconds between two changes, and returns the number of changes since the last call. */
  const change = async (every: number): Promise<number> => {
    const told = once(child, 'message');
    child.send(every);
    return (await told)[0];
  };
  const measure = async (every: number): Promise<Measured> => {
    await change(every);
    const took = await fire(port, MEASURE);
    const changes = (await change(0)) / (MEASURE / 1_000);
    const at = (share: number) => took[Math.floor(share * (took.length - 1))] as number;
    return { median: at(0.5), p99: at(0.99), slowest: at(1), changes };
  };

  await fire(port, WARM_UP);
  const [quiet, changed]: [Measured[], Measured[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    process.stderr.write(`\rround ${round + 1} of ${rounds}: a slow disk`.padEnd(60));
    quiet.push(await measure(0));
    changed.push(await measure(1_000 / CHANGES_PER_SECOND));
  }
  process.stderr.write('\n');
  await stop(child);
  rmSync(folder, { recursive: true });
  return tablesOf(quiet, changed);
}

function tablesOf(quiet: readonly Measured[], changed: readonly Measured[]): Tables {
  const of = (measured: readonly Measured[], what: keyof Measured) => median(measured.map((each) => each[what]));
  const row = (label: string, measured: readonly Measured[]) => ({
    requests: label,
    'median, ms': of(measured, 'median'),
    'p99, ms': of(measured, 'p99'),
    'slowest, ms': of(measured, 'slowest'),
    'changes/s': of(measured, 'changes'),
  });
  const p99 = median(changed.map((each, round) => each.p99 / (quiet[round] as Measured).p99));
  return {
    requests: [row('without changes', quiet), row('with changes', changed)],
    p99: [{ p99: 'with changes', 'relative to that without': p99 }],
  };
}

/** The milliseconds that each request took, in ascending order. */
async function fire(port: number, duration: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const headers = { authorization: basicCredentials(USER.name, USER.password) };
  const end = performance.now() + duration;
  const took: number[] = [];
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const from = performance.now();
      const sent = request({ host: '127.0.0.1', port, path: '/kapacitor/v1/tasks', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => {
          took.push(performance.now() - from);
          if (response.statusCode === 200) resolve();
          else reject(new Error(`status ${response.statusCode}`));
        });
      });
      sent.on('error', reject);
      sent.end();
    });
  const connection = async () => {
    while (performance.now() < end) await ask();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
  return took.toSorted((a, b) => a - b);
}
