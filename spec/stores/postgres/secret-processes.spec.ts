import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StoredSecret } from '../../../lib/users/secret.js';
import { ask, kill, startProcess } from '../../support/child-process.js';
import { openPostgres, ownSchema, psql, secretsTable } from '../../support/postgres-repository.js';
import type { Deed, SecretsQuestion, Sight } from '../../support/postgres-secrets-process.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const startOn = (url: string) => startProcess('postgres-secrets-process', [url], { serialization: 'advanced' });

describe('four processes that change the same few users and their secrets at the same time', () => {
  it('never wait for one another in a circle, and never give a user more secrets than the limit', {
    timeout: 120_000,
  }, async () => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    const owners = ['one', 'two', 'three'];
    for (const name of owners) await repository.insert(userNamed(name));
    await repository.insert(userNamed('root', { type: 'admin' }));
    const processes = await Promise.all(Array.from({ length: 4 }, () => startOn(url)));
    const storm: SecretsQuestion = { do: 'storm', owners, deeds: 150 };
    const errors = (await Promise.all(processes.map((child) => ask(child, storm)))) as string[][];
    expect(errors.flat()).toEqual([]);

    const counts = `SELECT count(*)::int FROM ${secretsTable(url)} GROUP BY owner, kind`;
    for (const { count } of await psql(url, counts)) expect(count).toBeLessThanOrEqual(10);
  });
});

/** The answers that a process gave before it was killed. */
interface Answered {
  readonly there: ReadonlySet<StoredSecret>;
  readonly gone: ReadonlySet<StoredSecret>;
}

/** Lets a process insert and remove keys, until it has sent so many deeds. */
async function changeUntil(child: ChildProcess, owner: string, prefix: string, deeds: number): Promise<Answered> {
  const there = new Map<string, StoredSecret>();
  const gone = new Map<string, StoredSecret>();
  const enough = new Promise<void>((resolve) => {
    child.on('message', ({ deed, key }: Deed) => {
      there.delete(key.digest);
      (deed === 'inserted' ? there : gone).set(key.digest, key);
      if (there.size + gone.size >= deeds) resolve();
    });
  });
  child.send({ do: 'change', owner, prefix } satisfies SecretsQuestion);
  await enough;
  return {
    get there() {
      return new Set(there.values());
    },
    get gone() {
      return new Set(gone.values());
    },
  };
}

describe('kill -9', () => {
  it('of a process loses no answered key, and brings no removed one back', { timeout: 60_000 }, async () => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    await repository.insert(userNamed('someone'));
    for (let round = 0; round < 5; round += 1) {
      const child = await startOn(url);
      const answered = await changeUntil(child, 'someone', `${round}`, 10 + 7 * round);
      await kill(child);
      // The last key may be gone, as an answer that was not received.
      for (const key of [...answered.there].slice(0, -1))
        expect(await repository.secrets.find(key.digest)).toEqual(key);
      for (const key of answered.gone) expect(await repository.secrets.find(key.digest)).toBeUndefined();
    }
  });

  it('of the server loses no answered key, and brings no removed one back', { timeout: 60_000 }, async () => {
    const server = await PostgresServer.create(['fsync=on', 'synchronous_commit=off']);
    onTestFinished(() => server.remove());
    const repository = await openPostgres(server.url());
    await repository.insert(userNamed('someone'));
    for (let round = 0; round < 3; round += 1) {
      const child = await startOn(server.url());
      const answered = await changeUntil(child, 'someone', `${round}`, 20 + 7 * round);
      await server.kill();
      await kill(child);
      const { there, gone } = answered;
      await server.start();
      for (const key of [...there].slice(0, -1)) {
        await expect.poll(() => find(key), { timeout: 10_000 }).toEqual(key);
      }
      for (const key of gone) expect(await find(key)).toBeUndefined();
    }
    async function find({ digest }: StoredSecret) {
      return repository.secrets.find(digest);
    }
  });
});

describe('a removed key', () => {
  it('lets nobody in, in another process, when the removal is answered', { timeout: 60_000 }, async () => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    const child = await startOn(url);
    const sights = new EventEmitter().setMaxListeners(0);
    child.on('message', ({ digest, isThere }: Sight) => sights.emit(digest, isThere));
    const isThere = async (digest: string) => {
      const sight = once(sights, digest);
      child.send({ do: 'find', digest } satisfies SecretsQuestion);
      return (await sight)[0];
    };
    const owners = ['one', 'two', 'three', 'four'];
    await Promise.all(
      owners.map(async (owner) => {
        await repository.insert(userNamed(owner));
        for (let number = 0; number < 75; number += 1) {
          const key = keyOf(owner, `${number}`);
          await repository.secrets.insert(key, '1', 100);
          expect(await isThere(key.digest)).toBe(true);
          await repository.secrets.remove(owner, 'key', key.id);
          expect(await isThere(key.digest)).toBe(false);
        }
      }),
    );
  });
});
