import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { PostgresServer } from '../spec/support/postgres-server.js';
import type { ServedCredentials } from './credentials-process.js';
import { median, start, stop } from './process.js';

const CONNECTIONS = 10;
/** Seconds. */
const WARM_UP = 2;
const MEASURE = 2;
const KINDS = ['password', 'key', 'session'] as const;
type Kind = (typeof KINDS)[number];

/** Measures requests with a key and with a session beside those with a cached password, and the first use of a key. */
export async function measureCredentials(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const postgres = await PostgresServer.create();
  const stores = { SQLite: `sqlite:${join(folder, 'users.db')}`, PostgreSQL: postgres.url() };
  for (const [name, store] of Object.entries(stores)) {
    const { child, told } = await start<ServedCredentials>('./credentials-process.ts', [store]);
    const times = await timeFirstUses(told);
    const rates = await measureRates(child, told, rounds);
    await stop(child);
    console.log(`\nOne user in ${name}, ${CONNECTIONS} connections, medians of ${rounds} rounds in one process`);
    console.table(
      Object.fromEntries(
        KINDS.map((kind) => [
          kind,
          {
            'requests/s': Math.round(median(rates[kind].map(({ perSecond }) => perSecond))),
            'to a password': ratio(rates, kind, 'perSecond').toFixed(3),
            'per time of a core': ratio(rates, kind, 'perCoreSecond').toFixed(3),
          },
        ]),
      ),
    );
    const { first, cached } = times;
    console.log(
      `Milliseconds of a first request with a key: ${first.toFixed(2)}, of the next one: ${cached.toFixed(2)}`,
    );
  }
  rmSync(folder, { recursive: true });
  await postgres.remove();
}

/** Requests in a second, and in a second of a core that the server has used: other work on the machine does not count there. */
interface Rate {
  readonly perSecond: number;
  readonly perCoreSecond: number;
}

function ratio(rates: Record<Kind, Rate[]>, kind: Kind, by: keyof Rate): number {
  return median(rates[kind].map((rate, round) => rate[by] / (rates.password[round] as Rate)[by]));
}

async function measureRates(
  child: ChildProcess,
  { port, headers }: ServedCredentials,
  rounds: number,
): Promise<Record<Kind, Rate[]>> {
  const used = async (): Promise<number> => {
    const answer = once(child, 'message');
    child.send('used?');
    return (await answer)[0];
  };
  const fire = async (kind: Kind, duration: number): Promise<Rate> => {
    const before = await used();
    const url = `http://127.0.0.1:${port}/kapacitor/v1/tasks`;
    const result = await autocannon({ url, connections: CONNECTIONS, duration, headers: { ...headers[kind] } });
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`${kind}: ${result.non2xx} refused`);
    const { total } = result.requests;
    return { perSecond: total / result.duration, perCoreSecond: (total * 1e6) / ((await used()) - before) };
  };
  for (const kind of KINDS) await fire(kind, WARM_UP);
  const rates: Record<Kind, Rate[]> = { password: [], key: [], session: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < KINDS.length; turn += 1) {
      const kind = KINDS[(round + turn) % KINDS.length] as Kind;
      rates[kind].push(await fire(kind, MEASURE));
    }
  }
  return rates;
}

/** Medians of a first request with each unused key, and of a second one. Milliseconds. */
async function timeFirstUses({
  port,
  unused,
  headers,
}: ServedCredentials): Promise<Record<'first' | 'cached', number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const time = (sent: Readonly<Record<string, string>>): Promise<number> =>
    new Promise((resolve, reject) => {
      const begin = performance.now();
      const options = { host: '127.0.0.1', port, path: '/kapacitor/v1/tasks', agent, headers: { ...sent } };
      request(options, (response) => {
        if (response.statusCode !== 200) reject(new Error(`a key: ${response.statusCode}`));
        response.resume();
        response.on('end', () => resolve(performance.now() - begin));
      })
        .on('error', reject)
        .end();
    });
  for (let warm = 0; warm < 1_000; warm += 1) await time(headers.key);
  const first: number[] = [];
  const cached: number[] = [];
  for (const key of unused) {
    const authorization = `Bearer ${key}`;
    first.push(await time({ authorization }));
    cached.push(await time({ authorization }));
  }
  agent.destroy();
  return { first: median(first), cached: median(cached) };
}
