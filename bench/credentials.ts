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
    const rates = await measureRates(told, rounds);
    await stop(child);
    console.log(`\nOne user in ${name}, ${CONNECTIONS} connections, medians of ${rounds} rounds in one process`);
    console.table(
      Object.fromEntries(
        KINDS.map((kind) => [
          kind,
          {
            'requests/s': Math.round(median(rates[kind])),
            'to a password': median(rates[kind].map((rate, round) => rate / (rates.password[round] as number))).toFixed(
              3,
            ),
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

async function measureRates({ port, headers }: ServedCredentials, rounds: number): Promise<Record<Kind, number[]>> {
  const fire = async (kind: Kind, duration: number) => {
    const url = `http://127.0.0.1:${port}/kapacitor/v1/tasks`;
    const result = await autocannon({ url, connections: CONNECTIONS, duration, headers: { ...headers[kind] } });
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`${kind}: ${result.non2xx} refused`);
    return result.requests.total / result.duration;
  };
  for (const kind of KINDS) await fire(kind, WARM_UP);
  const rates: Record<Kind, number[]> = { password: [], key: [], session: [] };
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
