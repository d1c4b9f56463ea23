import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppName } from './apps.js';
import type { FloodName, FloodResult } from './flood-process.js';
import { type Format, type Measure, ratio, type Tables, whole } from './measure.js';
import { median } from './process.js';
import { type MeasuredApp, type Probe, probe, serveUsers, type Weather } from './under-flood.js';

const APPS: readonly AppName[] = [
  'kapacitor-auth',
  'bare Express',
  'express-basic-auth',
  'passport-http, plaintext',
  'passport-http, bcrypt',
];
const FLOODS: readonly FloodName[] = ['at one user', 'at random users', 'at random users, from random addresses'];
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
      caption: 'The time in which the app reads a file and resolves a name, relative to that without guesses:',
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

/** Measures what users with a verified password notice while an attacker guesses passwords on 64 connections. */
async function measureFlood(rounds: number): Promise<Tables> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const results = new Map<string, MeasuredApp[]>();
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
    (app, weather) => results.get(`${app}, ${weather}`) as MeasuredApp[],
    (weather) => probes.get(weather) as Probe[],
  );
}

function tablesOf(
  of: (app: AppName, weather: Weather) => MeasuredApp[],
  probesOf: (weather: Weather) => Probe[],
): Tables {
  const rate = (app: AppName) => median(of(app, 'quiet').map(({ throughput }) => throughput));
  const relative = (app: AppName, flood: FloodName) =>
    median(of(app, flood).map((each, round) => each.throughput / (of(app, 'quiet')[round] as MeasuredApp).throughput));
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
      return { 'look-up': label, ...forEach(FLOODS, (flood) => time(flood) / time('quiet')) };
    }),
  };
}

/** The answers to all guesses of the rounds. */
function answersTo(measured: readonly MeasuredApp[]): Record<string, number> {
  const floods = measured.map(({ flood }) => flood as FloodResult);
  const sum = (number: (flood: FloodResult) => number) => floods.reduce((total, each) => total + number(each), 0);
  return {
    answers: sum(({ answers }) => answers),
    ...Object.fromEntries(STATUSES.map((status) => [`got ${status}`, sum(({ statuses }) => statuses[status] ?? 0)])),
    [NO_ANSWER]: sum(({ errors }) => errors),
    'slowest, ms': Math.max(...floods.map(({ slowest }) => slowest)),
  };
}
