import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { PostgresServer } from '../spec/support/postgres-server.js';
import { type AppName, USER } from './apps.js';
import { basicCredentials } from './client.js';
import { median, start, stop } from './process.js';

const CONNECTIONS = 10;
/** Seconds. */
const WARM_UP = 1;
const MEASURE = 2;

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

/**
 * Measures requests a second of one user with a verified password. Each round starts every app anew, in an order that is
 * shifted by one, because two processes of the same program differ by some percent for as long as they run.
 */
export async function measureThroughput(rounds: number): Promise<void> {
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
  const ratio = (name: AppName, to: AppName) =>
    median(of(name).map((value, round) => value / (of(to)[round] as number)));
  console.log(`\nOne user, ${CONNECTIONS} connections, medians of ${rounds} rounds`);
  console.table(
    Object.fromEntries(
      APPS.map((name) => [
        name,
        {
          'requests/s': Math.round(median(of(name))),
          'to bare Express': ratio(name, 'bare Express').toFixed(3),
          'to passport-http, plaintext': ratio(name, 'passport-http, plaintext').toFixed(3),
        },
      ]),
    ),
  );
  const stores = ratio('kapacitor-auth, PostgreSQL', 'kapacitor-auth').toFixed(3);
  console.log(`Users in PostgreSQL, to users in SQLite: ${stores}`);
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
