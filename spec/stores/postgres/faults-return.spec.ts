import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import type { ReplaceOutcome, StoreState } from '../../../lib/users/repository.js';
import { startProcess } from '../../support/child-process.js';
import type { Question, Sight } from '../../support/postgres-process.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { userNamed } from '../../support/stored-user.js';

const ROUNDS = 5;
/** Milliseconds. After so long a process that listened for changes tries to do so again each second. */
const OUTAGE = 1_500;

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.create();
});
afterAll(() => server.remove());

/** Milliseconds of a clock that all processes of the machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Another process, which asks for somebody all the time, and tells when it has first seen each revision. */
async function watchFromAnotherProcess(url: string, name: string) {
  const child = await startProcess('./postgres-process.ts', [url], { serialization: 'advanced' });
  const sights = new Map<string, number>();
  const seen = new EventEmitter();
  child.on('message', ({ revision, at }: Sight) => {
    sights.set(revision, Number(at) / 1e6);
    seen.emit(revision);
  });
  child.send({ do: 'watch', name } satisfies Question);
  return async (revision: string): Promise<number> => {
    if (!sights.has(revision)) await once(seen, revision, { signal: AbortSignal.timeout(5_000) });
    return sights.get(revision) as number;
  };
}

/** Makes a change as soon as there is a database. */
async function asSoonAsPossible(change: () => Promise<ReplaceOutcome>): Promise<void> {
  for (;;) {
    const outcome = await change().catch(() => undefined);
    if (outcome === 'replaced') return;
    expect(outcome).toBeUndefined();
    await setTimeout(1);
  }
}

it('a change right after the database is back is in force in another process, which served users from memory, within 100 ms', {
  timeout: 60_000,
}, async () => {
  const url = `${server.url()}?schema=${randomUUID()}`;
  const repository = new PostgresUserRepository(url);
  onTestFinished(() => repository.close());
  let state: StoreState | undefined;
  await repository.open({
    grace: OUTAGE,
    report: (reported) => {
      state = reported;
    },
  });
  const until = (expected: StoreState) => vi.waitFor(() => expect(state).toBe(expected), { timeout: 5_000 });
  await repository.insert(userNamed('someone', { revision: '0' }));
  const sight = await watchFromAnotherProcess(url, 'someone');
  const late: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    await sight(String(round - 1));
    await until('up');
    await server.stop();
    await until('down');
    const changing = asSoonAsPossible(() =>
      repository.replace(userNamed('someone', { revision: String(round) }), String(round - 1)),
    ).then(now);
    await server.start();
    const answered = await changing;
    late.push((await sight(String(round))) - answered);
  }
  expect(Math.max(...late)).toBeLessThan(100);
});
