import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import autocannon from 'autocannon';
import { type AppName, USER } from './apps.js';
import { basicCredentials } from './client.js';
import type { FloodName, FloodResult } from './flood-process.js';
import { median, start, stop } from './process.js';

/** Requests of users whose password has been verified. */
const CONNECTIONS = 4;
/** Seconds. */
const WARM_UP = 2;
const MEASURE = 5;
/** The number of look-ups of a file and a name, and the milliseconds between two of them. */
const PROBES = 100;
const PROBE_EVERY = 30;

const APPS: readonly AppName[] = [
  'kapacitor-auth',
  'bare Express',
  'express-basic-auth',
  'passport-http, plaintext',
  'passport-http, bcrypt',
];
const FLOODS: readonly FloodName[] = ['one wrong user', 'random users', 'random users and addresses'];
type Weather = FloodName | 'quiet';
const WEATHERS: readonly Weather[] = ['quiet', ...FLOODS];

interface Measured {
  readonly throughput: number;
  /** Milliseconds. */
  readonly p99: number;
  readonly flood?: FloodResult;
}

interface Probe {
  readonly file: number;
  readonly name: number;
}

/** Measures what users with a verified password notice while an attacker guesses passwords on 64 connections. */
export async function measureFlood(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const results = new Map<string, Measured[]>();
  const probes = new Map<Weather, Probe[]>(WEATHERS.map((weather) => [weather, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < APPS.length; turn += 1) {
      const app = APPS[(round + turn) % APPS.length] as AppName;
      for (const weather of WEATHERS) {
        process.stderr.write(`\rround ${round + 1} of ${rounds}: ${app}, ${weather}`.padEnd(80));
        const key = `${app}, ${weather}`;
        results.set(key, [...(results.get(key) ?? []), await serveUsers(app, weather, folder)]);
      }
    }
    for (const weather of WEATHERS) probes.get(weather)?.push(...(await probe(weather, folder)));
  }
  process.stderr.write('\n');
  rmSync(folder, { recursive: true });
  report(rounds, (app, weather) => results.get(`${app}, ${weather}`) as Measured[]);
  reportProbes((weather) => probes.get(weather) as Probe[]);
}

/** Starts an app and floods it. Ends both when the work is done. */
async function underFlood<T>(
  app: AppName,
  weather: Weather,
  folder: string,
  work: (url: string, begin: () => Promise<void>) => Promise<T>,
): Promise<{ done: T; flood?: FloodResult }> {
  const { child, told: port } = await start<number>('./app-process.ts', [app, folder]);
  let flood: Awaited<ReturnType<typeof start>>['child'] | undefined;
  const begin = async () => {
    if (weather === 'quiet') return;
    flood = (await start('./flood-process.ts', [String(port), weather])).child;
  };
  const done = await work(`http://127.0.0.1:${port}`, begin);
  if (flood === undefined) {
    await stop(child);
    return { done };
  }
  flood.send('end');
  const [result] = (await once(flood, 'message')) as [FloodResult];
  await stop(flood);
  await stop(child);
  return { done, flood: result };
}

async function serveUsers(app: AppName, weather: Weather, folder: string): Promise<Measured> {
  const { done, flood } = await underFlood(app, weather, folder, async (url, begin) => {
    const fire = (duration: number) =>
      autocannon({
        url: `${url}/kapacitor/v1/tasks`,
        connections: CONNECTIONS,
        duration,
        headers: { authorization: basicCredentials(USER.name, USER.password) },
      });
    await fire(WARM_UP);
    await begin();
    const { requests, duration, latency, non2xx, errors } = await fire(MEASURE);
    if (non2xx > 0 || errors > 0) throw new Error(`${app}, ${weather}: ${non2xx} refused, ${errors} errors`);
    return { throughput: requests.total / duration, p99: latency.p99 };
  });
  return { ...done, ...(flood && { flood }) };
}

async function probe(weather: Weather, folder: string): Promise<Probe[]> {
  const { done } = await underFlood('kapacitor-auth', weather, folder, async (url, begin) => {
    const look = async () => (await (await fetch(`${url}/probe`)).json()) as Probe;
    for (let index = 0; index < PROBES; index += 1) await look();
    await begin();
    const seen: Probe[] = [];
    for (let index = 0; index < PROBES; index += 1) {
      await setTimeout(PROBE_EVERY);
      seen.push(await look());
    }
    return seen;
  });
  return done;
}

function report(rounds: number, of: (app: AppName, weather: Weather) => Measured[]): void {
  const rate = (app: AppName, weather: Weather) => median(of(app, weather).map(({ throughput }) => throughput));
  const p99 = (app: AppName, weather: Weather) => median(of(app, weather).map((each) => each.p99));
  const ratio = (app: AppName, flood: FloodName) =>
    median(of(app, flood).map(({ throughput }, round) => throughput / (of(app, 'quiet')[round]?.throughput as number)));
  console.log(
    `\n${CONNECTIONS} connections of a user whose password has been verified, while 64 guess; ${rounds} rounds`,
  );
  console.table(
    Object.fromEntries(
      APPS.map((app) => [
        app,
        {
          'quiet, requests/s': Math.round(rate(app, 'quiet')),
          'quiet, p99 ms': p99(app, 'quiet'),
          ...Object.fromEntries(
            FLOODS.flatMap((flood) => [
              [`${flood}, to quiet`, ratio(app, flood).toFixed(2)],
              [`${flood}, p99 ms`, p99(app, flood)],
            ]),
          ),
        },
      ]),
    ),
  );
  console.log('\nWhat those who guess get of kapacitor-auth');
  console.table(
    Object.fromEntries(
      FLOODS.map((flood) => {
        const results = of('kapacitor-auth', flood).map((each) => each.flood as FloodResult);
        const total = (status: string) => results.reduce((sum, { statuses }) => sum + (statuses[status] ?? 0), 0);
        return [
          flood,
          {
            answers: results.reduce((sum, { answers }) => sum + answers, 0),
            ...Object.fromEntries(['200', '401', '429', '503'].map((status) => [status, total(status)])),
            'no answer within 5 s, or a socket error': results.reduce((sum, { errors }) => sum + errors, 0),
            'slowest, ms': Math.max(...results.map(({ slowest }) => slowest)),
          },
        ];
      }),
    ),
  );
}

function reportProbes(of: (weather: Weather) => Probe[]): void {
  console.log('\nA file and a name, looked up in the app meanwhile, medians in milliseconds');
  const time = (weather: Weather, what: keyof Probe) => median(of(weather).map((each) => each[what]));
  console.table(
    Object.fromEntries(
      (['file', 'name'] as const).map((what) => [
        what,
        Object.fromEntries(
          WEATHERS.flatMap((weather) => [
            [weather, time(weather, what).toFixed(2)],
            ...(weather === 'quiet'
              ? []
              : [[`${weather}, to quiet`, (time(weather, what) / time('quiet', what)).toFixed(2)]]),
          ]),
        ),
      ]),
    ),
  );
}
