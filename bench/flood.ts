import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import autocannon from 'autocannon';
import { type AppName, USER } from './apps.js';
import { basicCredentials } from './client.js';
import type { FloodName, FloodResult } from './flood-process.js';
import { type Format, type Measure, ratio, type Tables, whole } from './measure.js';
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
const FLOODS: readonly FloodName[] = ['at one user', 'at random users', 'at random users, from random addresses'];
type Weather = FloodName | 'quiet';
const WEATHERS: readonly Weather[] = ['quiet', ...FLOODS];

/** The answers of a server that a guess may get. */
const STATUSES = ['200', '401', '429', '503'] as const;
const NO_ANSWER = 'no answer within 5 s, or a socket error';

const eachOf = (names: readonly string[], format: Format) => Object.fromEntries(names.map((name) => [name, format]));

export const FLOOD: Measure = {
  about: 'What a user notices while others guess passwords as fast as they can.',
  mostRounds: 3,
  measure: measureFlood,
  tables: {
    rates: {
      caption: 'Requests a second without guesses, and those during guesses relative to them:',
      columns: { 'requests/s, quiet': whole, ...eachOf(FLOODS, ratio) },
    },
    p99: { caption: 'The p99 of these requests, milliseconds:', columns: eachOf(WEATHERS, whole) },
    guesses: {
      caption: 'The answers of kapacitor-auth to the guesses:',
      columns: eachOf(['answers', ...STATUSES.map((status) => `got ${status}`), NO_ANSWER, 'slowest, ms'], whole),
    },
    probes: {
      caption: 'What takes a thread of the app meanwhile, relative to the time without guesses:',
      columns: eachOf(FLOODS, ratio),
    },
  },
  chart: {
    title: 'Requests a second while others guess, relative to a quiet app',
    description:
      'Bars of the requests a second of a user with a cached password during three kinds of guesses, for each app. The table below has the figures.',
    table: 'rates',
    columns: FLOODS,
    format: ratio,
  },
};

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
async function measureFlood(rounds: number): Promise<Tables> {
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
  return tablesOf(
    (app, weather) => results.get(`${app}, ${weather}`) as Measured[],
    (weather) => probes.get(weather) as Probe[],
  );
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

function tablesOf(of: (app: AppName, weather: Weather) => Measured[], probesOf: (weather: Weather) => Probe[]): Tables {
  const rate = (app: AppName) => median(of(app, 'quiet').map(({ throughput }) => throughput));
  const relative = (app: AppName, flood: FloodName) =>
    median(of(app, flood).map((each, round) => each.throughput / (of(app, 'quiet')[round] as Measured).throughput));
  const p99 = (app: AppName, weather: Weather) => median(of(app, weather).map((each) => each.p99));
  const forEach = <Name extends Weather>(weathers: readonly Name[], value: (weather: Name) => number) =>
    Object.fromEntries(weathers.map((weather) => [weather, value(weather)]));
  return {
    rates: APPS.map((app) => ({
      app,
      'requests/s, quiet': rate(app),
      ...forEach(FLOODS, (flood) => relative(app, flood)),
    })),
    p99: APPS.map((app) => ({ app, ...forEach(WEATHERS, (weather) => p99(app, weather)) })),
    guesses: FLOODS.map((flood) => ({ guesses: flood, ...answersTo(of('kapacitor-auth', flood)) })),
    probes: (['file', 'name'] as const).map((what) => {
      const time = (weather: Weather) => median(probesOf(weather).map((each) => each[what]));
      const label = { file: 'reading a file', name: 'resolving a name' }[what];
      return { 'meanwhile, in the app': label, ...forEach(FLOODS, (flood) => time(flood) / time('quiet')) };
    }),
  };
}

/** The answers to all guesses of the rounds. */
function answersTo(measured: readonly Measured[]): Record<string, number> {
  const floods = measured.map(({ flood }) => flood as FloodResult);
  const sum = (number: (flood: FloodResult) => number) => floods.reduce((total, each) => total + number(each), 0);
  return {
    answers: sum(({ answers }) => answers),
    ...Object.fromEntries(STATUSES.map((status) => [`got ${status}`, sum(({ statuses }) => statuses[status] ?? 0)])),
    [NO_ANSWER]: sum(({ errors }) => errors),
    'slowest, ms': Math.max(...floods.map(({ slowest }) => slowest)),
  };
}
