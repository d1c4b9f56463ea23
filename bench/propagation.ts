import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { StoredUser } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { PostgresServer } from '../spec/support/postgres-server.js';
import { keyOf } from '../spec/support/stored-secret.js';
import { decimals, type Measure, type Row, type Tables, whole } from './measure.js';
import { median, start, stop } from './process.js';
import type { Sight } from './propagation-process.js';

const NAMES = ['one', 'two', 'three', 'four'];
/** Changes of each user in a round, and removed keys. */
const CHANGES = 100;
/** Milliseconds, after which processes try once a second to listen again. */
const OUTAGE = 1_500;

const milliseconds = decimals(1, 10);

/** Milliseconds of a clock that all processes of the machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

export const PROPAGATION: Measure = {
  about: 'How long a change of a user takes to be in force in another process that shares PostgreSQL.',
  mostRounds: 3,
  measure: measurePropagation,
  tables: {
    changes: { columns: { changes: whole, median: milliseconds, '99 of 100': milliseconds, slowest: milliseconds } },
  },
};

/** Measures how long a change of a user, and the removal of a key, take to be in force in another process that shares the database. */
async function measurePropagation(rounds: number): Promise<Tables> {
  const results: Record<string, number[]> = {};
  const add = (what: string, took: number) => {
    results[what] ??= [];
    results[what].push(Math.max(0, took));
  };
  for (let round = 0; round < rounds; round += 1) {
    process.stderr.write(`\rround ${round + 1} of ${rounds}: changes in another process`.padEnd(80));
    const server = await PostgresServer.create();
    const repository = new PostgresUserRepository(server.url());
    await repository.open({ grace: OUTAGE, report: () => {} });
    for (const name of NAMES) await repository.insert(userOf(name, 0));
    const { child } = await start('./propagation-process.ts', [server.url(), ...NAMES]);
    const sightOf = sightsOf(child);

    const changeOf = async (name: string, number: number, what: string): Promise<void> => {
      // The other process has the previous revision in memory.
      await sightOf(revisionOf(name, number - 1));
      const answered = await asSoonAsPossible(() =>
        repository.replace(userOf(name, number), revisionOf(name, number - 1)),
      );
      add(`a change ${what}`, (await sightOf(revisionOf(name, number))) - answered);
    };
    await Promise.all(
      NAMES.map(async (name) => {
        for (let number = 1; number <= CHANGES; number += 1) await changeOf(name, number, 'with a notification');
      }),
    );

    const removalOf = async (owner: string, number: number, what: string): Promise<void> => {
      const key = keyOf(owner, `${number}`);
      const { secrets } = repository;
      await secrets.insert(key, revisionOf(owner, CHANGES), CHANGES);
      child.send(key.digest);
      await sightOf(`${key.digest} there`);
      await secrets.remove(owner, 'key', key.id);
      const answered = now();
      add(`a removed key ${what}`, (await sightOf(`${key.digest} gone`)) - answered);
    };
    await Promise.all(
      NAMES.map(async (name) => {
        for (let number = 1; number <= CHANGES; number += 1) await removalOf(name, number, 'with a notification');
      }),
    );

    await server.query('ALTER TABLE kapacitor_auth_users DISABLE TRIGGER ALL');
    for (let number = CHANGES + 1; number <= CHANGES + 10; number += 1) {
      await Promise.all(NAMES.map((name) => removalOf(name, number, 'whose notification is lost')));
    }
    for (let number = CHANGES + 1; number <= CHANGES + 10; number += 1) {
      await Promise.all(NAMES.map((name) => changeOf(name, number, 'whose notification is lost')));
    }
    await server.query('ALTER TABLE kapacitor_auth_users ENABLE TRIGGER ALL');

    await server.stop();
    await setTimeout(OUTAGE);
    const changing = Promise.all(NAMES.map((name) => changeOf(name, CHANGES + 11, 'right after an outage')));
    await server.start();
    await changing;

    await stop(child);
    await repository.close();
    await server.remove();
  }
  process.stderr.write('\n');
  return { changes: Object.entries(results).map(([what, times]) => rowOf(what, times)) };
}

const revisionOf = (name: string, number: number) => `${name} ${number}`;

function userOf(name: string, number: number): StoredUser {
  return { name, type: 'normal', permissions: [], enabled: true, hash: '', revision: revisionOf(name, number) };
}

/** When the other process has last found what was before this; waits until it has found this. */
function sightsOf(child: ChildProcess): (what: string) => Promise<number> {
  const sights = new Map<string, number>();
  const seen = new EventEmitter().setMaxListeners(0);
  child.on('message', (sight: Sight) => {
    sights.set(sight.seen, sight.lastBefore);
    seen.emit(sight.seen);
  });
  return async (what) => {
    if (!sights.has(what)) await once(seen, what);
    return sights.get(what) as number;
  };
}

/** Makes a change when the database answers. @returns when it was answered */
async function asSoonAsPossible(change: () => Promise<unknown>): Promise<number> {
  while ((await change().catch(() => undefined)) !== 'replaced') await setTimeout(1);
  return now();
}

function rowOf(what: string, times: readonly number[]): Row {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    milliseconds: what,
    changes: times.length,
    median: median(times),
    '99 of 100': sorted[Math.ceil(0.99 * sorted.length) - 1] as number,
    slowest: sorted.at(-1) as number,
  };
}
