import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { PostgresServer } from '../spec/support/postgres-server.js';
import { type AppName, USER } from './apps.js';
import { basicCredentials } from './client.js';
import { type Measure, ratio, spreadOf, type Tables, whole } from './measure.js';
import { median, start, stop } from './process.js';

const CONNECTIONS = 10;
/** Seconds. */
const WARM_UP = 3;
const MEASURE = 3;

/** The apps of a round. The others are compared with the first. */
const APPS: readonly AppName[] = [
  'bare Express',
  'kapacitor-auth',
  'kapacitor-auth, PostgreSQL',
  'passport-http, plaintext',
  'express-basic-auth',
  'kapacitor-auth, no cache',
  'passport-http, bcrypt',
];

export const THROUGHPUT: Measure = {
  about: 'Requests a second of a user whose password is cached, against other packages.',
  measure: measureThroughput,
  tables: {
    apps: {
      columns: {
        'requests/s': whole,
        'relative to bare Express': ratio,
        'relative to passport-http, plaintext': ratio,
      },
    },
    stores: { columns: { 'relative to SQLite': ratio } },
  },
  chart: {
    title: 'Requests a second, relative to bare Express',
    description:
      'Bars of the requests a second that each app answers, relative to bare Express. The table below has the figures.',
    table: 'apps',
    columns: ['relative to bare Express'],
    format: ratio,
  },
};

/**
 * Measures requests a second of one user with a verified password. Each round starts every app anew, in an order that is
 * shifted by one, because two processes of the same program differ by some percent for as long as they run.
 */
async function measureThroughput(rounds: number): Promise<Tables> {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-bench-'));
  const postgres = await PostgresServer.create();
  const results = new Map<AppName, number[]>(APPS.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < APPS.length; turn += 1) {
      const name = APPS[(round + turn) % APPS.length] as AppName;
      results.get(name)?.push(await requestsPerSecond(name, folder, postgres.url()));
      process.stderr.write(`\rround ${round + 1} of ${rounds}: ${name}`.padEnd(60));
    }
  }
  process.stderr.write('\n');
  rmSync(folder, { recursive: true });
  await postgres.remove();

  const of = (name: AppName) => results.get(name) as number[];
  const relative = (name: AppName, to: AppName) =>
    spreadOf(of(name).map((value, round) => value / (of(to)[round] as number)));
  return {
    apps: APPS.map((app) => ({
      app,
      'requests/s': median(of(app)),
      'relative to bare Express': relative(app, 'bare Express'),
      'relative to passport-http, plaintext': relative(app, 'passport-http, plaintext'),
    })),
    stores: [
      {
        'kapacitor-auth': 'users in PostgreSQL',
        'relative to SQLite': relative('kapacitor-auth, PostgreSQL', 'kapacitor-auth'),
      },
    ],
  };
}

async function requestsPerSecond(name: AppName, folder: string, postgres: string): Promise<number> {
  const { child, told: port } = await start<number>('./app-process.ts', [name, folder, postgres]);
  const authorization = basicCredentials(USER.name, USER.password);
  const fire = (duration: number) =>
    autocannon({
      url: `http://127.0.0.1:${port}/kapacitor/v1/tasks`,
      connections: CONNECTIONS,
      duration,
      headers: { authorization },
    });
  await fire(WARM_UP);
  const result = await fire(MEASURE);
  await stop(child);
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${name}: ${result.non2xx} refused, ${result.errors} errors`);
  return result.requests.total / result.duration;
}
