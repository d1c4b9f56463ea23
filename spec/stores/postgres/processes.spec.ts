import { randomUUID } from 'node:crypto';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StoredUser } from '../../../lib/users/user.js';
import { ask, kill, startProcess } from '../../support/child-process.js';
import type { Question, Reading, Storm } from '../../support/postgres-process.js';
import { openPostgres, ownSchema, psql } from '../../support/postgres-repository.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { userNamed } from '../../support/stored-user.js';
import { type Attempt, type Change, keepHistory, readHistory, UserHistory } from '../../support/user-history.js';

/** Starts another process with the same users. */
async function startOn(url: string) {
  const child = await startProcess('postgres-process', [url], { serialization: 'advanced' });
  return { child, ask: (question: Question) => ask(child, question) };
}

describe('eight processes that change the same few users at the same time', () => {
  const ATTEMPTS = 500;
  const names = Array.from({ length: 12 }, (_, index) => `user${index}`);

  it('keep an admin, lose no change, and refuse nothing without a reason', { timeout: 240_000 }, async () => {
    // A server of its own, because commit timestamps can only be switched on at its start.
    const server = await PostgresServer.create(['track_commit_timestamp=on']);
    onTestFinished(() => server.remove());
    const schema = randomUUID();
    const url = `${server.url()}?schema=${schema}&max=3`;
    const processes = await Promise.all(Array.from({ length: 8 }, () => startOn(url)));
    await server.query(keepHistory(schema));
    const seeds = await seed(
      url,
      names.map((name, index) => userNamed(name, { type: index < 4 ? 'admin' : 'normal', revision: randomUUID() })),
    );

    const asked = processes.map(({ ask }) => ask({ do: 'storm', names, attempts: ATTEMPTS }));
    const storms = (await Promise.all(asked)) as Storm[];

    expect(storms.flatMap(({ errors }) => errors)).toEqual([]);
    const attempts = [...seeds, ...storms.flatMap((storm) => storm.attempts)];
    expect(new Set(attempts.map(({ does, outcome }) => `${does}: ${outcome}`))).toEqual(
      new Set([
        'insert: inserted',
        'insert: exists',
        'replace: replaced',
        'replace: conflict',
        'replace: last-admin',
        'remove: removed',
        'remove: not-found',
        'remove: last-admin',
      ]),
    );
    const history = new UserHistory((await server.query(readHistory(schema))) as Change[], attempts);
    expect(history.withoutAdmin()).toEqual([]);
    expect(history.brokenChains()).toEqual([]);
    expect(history.madeByNobody()).toEqual([]);
    expect(history.lost()).toEqual([]);
    expect(history.unjustified()).toEqual([]);

    const users = await server.query(
      `SELECT name, type, permissions, enabled, hash, revision FROM "${schema}".kapacitor_auth_users ORDER BY name`,
    );
    for (const { ask } of processes) {
      const { found, listed } = (await ask({ do: 'read', names: names.toSorted() })) as Reading;
      expect(found).toEqual(users);
      expect(listed).toEqual(users);
    }
  });
});

/** Inserts users. @returns the insertions as attempts */
async function seed(url: string, users: readonly StoredUser[]): Promise<Attempt[]> {
  const repository = new PostgresUserRepository(url);
  await repository.open();
  const attempts: Attempt[] = [];
  for (const user of users) {
    const asked = Date.now();
    await repository.insert(user);
    attempts.push({ does: 'insert', name: user.name, user, asked, answered: Date.now() + 1, outcome: 'inserted' });
  }
  await repository.close();
  return attempts;
}

describe('a change', () => {
  /** Revisions of the user that these processes find at the same time. */
  const revisionsIn = async (processes: readonly { ask(question: Question): Promise<unknown> }[]) => {
    const readings = await Promise.all(processes.map(({ ask }) => ask({ do: 'read', names: ['someone'] })));
    return (readings as Reading[]).map(({ found }) => found[0]?.revision);
  };

  it('is in force in seven other processes when it is answered', { timeout: 60_000 }, async () => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    const others = await Promise.all(Array.from({ length: 7 }, () => startOn(url)));
    await repository.insert(userNamed('someone', { revision: '0' }));
    for (let change = 1; change <= 50; change += 1) {
      expect(await revisionsIn(others)).toEqual(Array(7).fill(`${change - 1}`));
      expect(await repository.replace(userNamed('someone', { revision: `${change}` }), `${change - 1}`)).toBe(
        'replaced',
      );
      expect(await revisionsIn(others)).toEqual(Array(7).fill(`${change}`));
    }
  });

  it('waits for a process that is stopped until that serves nothing from memory, and not for one that has ended', async () => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    const name = randomUUID();
    const other = await startOn(`${url}&application_name=${name}`);
    await repository.insert(userNamed('someone', { revision: '0' }));
    const timeOf = async (revision: number) => {
      const from = performance.now();
      await repository.replace(userNamed('someone', { revision: `${revision}` }), `${revision - 1}`);
      return performance.now() - from;
    };
    expect(await revisionsIn([other])).toEqual(['0']);
    other.child.kill('SIGSTOP');
    const took = await timeOf(1);
    other.child.kill('SIGCONT');
    expect(await revisionsIn([other])).toEqual(['1']);
    expect(took).toBeGreaterThan(890);
    expect(took).toBeLessThan(3_000);

    await kill(other.child);
    const connections = () => psql(url, 'SELECT FROM pg_stat_activity WHERE application_name = $1', [name]);
    await expect.poll(connections).toEqual([]);
    expect(await timeOf(2)).toBeLessThan(500);
  });
});

describe('kill -9', () => {
  it('during a storm of insertions loses no user whose insertion was answered', {
    timeout: 60_000,
  }, async () => {
    const url = ownSchema();
    const repository = await openPostgres(url);
    const round = async (number: number) => {
      const { child } = await startOn(url);
      const created: string[] = [];
      const enough = new Promise<void>((resolve) => {
        child.on('message', (message: { created: string }) => {
          created.push(message.created);
          if (created.length === 40 + 7 * number) resolve();
        });
      });
      child.send({ do: 'create', prefix: `round${number}` } satisfies Question);
      await enough;
      await kill(child);
      for (const name of created) expect((await repository.find(name))?.revision).toBe(name);
    };
    // Two at a time: a process takes longer to start than to be killed.
    for (let number = 0; number < 10; number += 2) await Promise.all([round(number), round(number + 1)]);
  });
});
