import { expect, it } from 'vitest';
import { isActiveAdmin, type StoredUser } from '../../../lib/users/user.js';
import { ask, startProcess } from '../../support/child-process.js';
import type { Question } from '../../support/postgres-process.js';
import { openPostgres, ownSchema, psql, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

const ROUNDS = 8;
const ONE = userNamed('one', { type: 'admin' });
const TWO = userNamed('two', { type: 'admin' });

async function adminsOf(users: AsyncIterable<StoredUser>): Promise<string[]> {
  const names: string[] = [];
  for await (const user of users) if (isActiveAdmin(user)) names.push(user.name);
  return names;
}

it('two processes that start at the same moment, with two names, make exactly one first admin', async () => {
  const url = ownSchema();
  const repository = await openPostgres(url);
  const start = () => startProcess('./postgres-process.ts', [url], { serialization: 'advanced' });
  const [one, two] = await Promise.all([start(), start()]);
  for (let round = 0; round < ROUNDS; round += 1) {
    const question = (user: StoredUser): Question => ({ do: 'insertFirstAdmin', user });
    const outcomes = await Promise.all([ask(one, question(ONE)), ask(two, question(TWO))]);
    expect(outcomes).toEqual(expect.arrayContaining(['inserted', 'admin-exists']));
    expect(await adminsOf(repository.snapshot())).toHaveLength(1);
    await psql(url, `DELETE FROM ${usersTable(url)}`);
  }
});
