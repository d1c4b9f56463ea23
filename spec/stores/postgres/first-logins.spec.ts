import { setTimeout } from 'node:timers/promises';
import type { KapacitorAuthConfig } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { expect, it, onTestFinished } from 'vitest';
import { appBehind } from '../../support/app-behind.js';
import { createAuth } from '../../support/auth.js';
import { ownSchema, psql, recordingPool, schemaOf, usersTable } from '../../support/postgres-repository.js';
import { serve } from '../../support/server.js';

/** Nobody is made to wait: how often users are asked for is what counts. */
const AT_ONCE: KapacitorAuthConfig['auth'] = { failureLimit: 0, hashingQueue: 1_000 };
const KNOWN = Array.from({ length: 100 }, (_, index) => `user${index}`);
const UNKNOWN = Array.from({ length: 100 }, (_, index) => `stranger${index}`);

/** The URL of a schema where each of the known users has the password `pw`. */
async function schemaWithUsers(): Promise<string> {
  const url = ownSchema();
  const auth = await createAuth({ auth: { store: url } }, [{ name: 'first', password: 'pw' }]);
  await auth.close();
  await psql(
    url,
    `INSERT INTO ${usersTable(url)} (name, permissions, hash)
      SELECT others, '{api}', hash FROM ${usersTable(url)}, unnest($1::text[]) AS others`,
    [KNOWN],
  );
  return url;
}

/** Logs all of these in at once, and tells how often each status came. */
async function serveLogins(store: string | PostgresUserRepository) {
  const auth = await createAuth({ auth: { ...AT_ONCE, store } }, []);
  await auth.ready;
  const { send } = await serve(appBehind(auth));
  return async (names: readonly string[]): Promise<Record<number, number>> => {
    const answers = await Promise.all(names.map((name) => send({ path: '/api/ping', auth: `${name}:pw` })));
    const counts: Record<number, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };
}

/** The same with a repository whose questions about users are written down. */
async function serveRecorded() {
  const url = await schemaWithUsers();
  const { pool, sent } = recordingPool(url);
  const repository = new PostgresUserRepository(pool, { schema: schemaOf(url) });
  onTestFinished(() => repository.close());
  const logIn = await serveLogins(repository);
  sent.length = 0;
  /** How often the database was asked for each of these names. */
  const questions = () => {
    const asked = sent.filter(({ text }) => text.includes('WHERE name = $1'));
    return asked.map(({ values }) => values[0]).toSorted();
  };
  return { logIn, questions };
}

it.each([1, 3])('first logins take at most max=%d connections, and one more listens', async (max) => {
  const applicationName = `first logins ${max}`;
  const url = await schemaWithUsers();
  const logIn = await serveLogins(`${url}&max=${max}&application_name=${encodeURIComponent(applicationName)}`);
  let most = 0;
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const watching = (async () => {
    while (!over.signal.aborted) {
      const rows = await psql(url, 'SELECT FROM pg_stat_activity WHERE application_name = $1', [applicationName]);
      most = Math.max(most, rows.length);
      await setTimeout(1);
    }
  })();
  expect(await logIn([...KNOWN, ...UNKNOWN])).toEqual({ 200: 100, 401: 100 });
  over.abort();
  await watching;
  expect(most).toBe(max + 1);
});

it('each first login asks the database once, also one of nobody, and requests after it do not', async () => {
  const { logIn, questions } = await serveRecorded();
  expect(await logIn([...KNOWN, ...UNKNOWN])).toEqual({ 200: 100, 401: 100 });
  expect(questions()).toEqual([...KNOWN, ...UNKNOWN].toSorted());
  expect(await logIn(KNOWN)).toEqual({ 200: 100 });
  expect(questions()).toHaveLength(200);
});

it('a hundred first logins of one user at once ask once', async () => {
  const { logIn, questions } = await serveRecorded();
  expect(await logIn(Array.from({ length: 100 }, () => 'user7'))).toEqual({ 200: 100 });
  expect(questions()).toEqual(['user7']);
});
