import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { PostgresServer } from '../spec/support/postgres-server.js';
import type { ServedCredentials } from './credentials-process.js';
import { decimals, type Measure, ratio, type Spread, spreadOf, type Tables, type Value } from './measure.js';
import { median, start, stop } from './process.js';

const CONNECTIONS = 10;
/** Seconds. */
const WARM_UP = 2;
const MEASURE = 2;
const KINDS = ['password', 'key', 'session'] as const;
type Kind = (typeof KINDS)[number];

const STORES = ['SQLite', 'PostgreSQL'] as const;

export const CREDENTIALS: Measure = {
  about: 'Requests with a key and with a session, against those with a cached password.',
  measure: measureCredentials,
  tables: {
    requests: { columns: { SQLite: ratio, PostgreSQL: ratio } },
    firstUse: { columns: { SQLite: decimals(1), PostgreSQL: decimals(1) } },
  },
};

/** Measures requests with a key and with a session beside those with a cached password, and the first use of a key. */
async function measureCredentials(rounds: number): Promise<Tables> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const postgres = await PostgresServer.create();
  const urls = { SQLite: `sqlite:${join(folder, 'users.db')}`, PostgreSQL: postgres.url() };
  const measured = new Map<string, Measured>();
  for (const store of STORES) {
    process.stderr.write(`credentials in ${store}\n`);
    const { child, told } = await start<ServedCredentials>('./credentials-process.ts', [urls[store]]);
    measured.set(store, { times: await timeFirstUses(told), rates: await measureRates(child, told, rounds) });
    await stop(child);
  }
  rmSync(folder, { recursive: true });
  await postgres.remove();

  const ofEach = (value: (measured: Measured) => Value) =>
    Object.fromEntries(STORES.map((store) => [store, value(measured.get(store) as Measured)]));
  const row = (what: string, kind: Kind, by: keyof Rate) => ({
    'relative to a cached password': what,
    ...ofEach(({ rates }) => relative(rates, kind, by)),
  });
  return {
    requests: [
      row('requests/s with a key', 'key', 'perSecond'),
      row('requests/s with a session', 'session', 'perSecond'),
      row('requests with a key, for the time of a core', 'key', 'perCoreSecond'),
      row('requests with a session, for the time of a core', 'session', 'perCoreSecond'),
    ],
    firstUse: [
      {
        milliseconds: 'the first request with a key, longer than the next one',
        ...ofEach(({ times }) => times.first - times.cached),
      },
    ],
  };
}

interface Measured {
  readonly times: Awaited<ReturnType<typeof timeFirstUses>>;
  readonly rates: Readonly<Record<Kind, readonly Rate[]>>;
}

/** Requests in a second, and in a second of a core that the server has used: other work on the machine does not count there. */
interface Rate {
  readonly perSecond: number;
  readonly perCoreSecond: number;
}

function relative(rates: Measured['rates'], kind: Kind, by: keyof Rate): Spread {
  return spreadOf(rates[kind].map((rate, round) => rate[by] / (rates.password[round] as Rate)[by]));
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
