import { randomUUID } from 'node:crypto';
import type { KapacitorAuth } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { expect, inject, it, onTestFinished } from 'vitest';
import { createAuth } from '../../support/auth.js';
import { cutListening } from '../../support/listening-connection.js';
import { psql, usersTable } from '../../support/postgres-repository.js';
import { userNamed } from '../../support/stored-user.js';

it('one repository may serve two apps: each knows how it is, and is told when that changes', async () => {
  const own = randomUUID();
  const url = `${inject('postgresUrl')}?schema=${own}&application_name=${own}`;
  const repository = new PostgresUserRepository(url);
  onTestFinished(() => repository.close());
  const open = async (): Promise<KapacitorAuth> => {
    const auth = await createAuth({ auth: { store: repository } }, []);
    await auth.ready;
    return auth;
  };
  const [one, two] = [await open(), await open()];
  const told = [one, two].map((auth) => {
    const states: string[] = [];
    auth.on('store-state', ({ state }) => states.push(state));
    return states;
  });
  const states = () => [one, two].map((auth) => auth.health().store.state);
  expect(states()).toEqual(['up', 'up']);

  await cutListening(url, own);
  await expect
    .poll(() => told, { timeout: 5_000, interval: 10 })
    .toEqual([
      ['degraded', 'up'],
      ['degraded', 'up'],
    ]);
  expect(states()).toEqual(['up', 'up']);

  await one.close();
  await two.users.create({ name: 'someone', password: 'pw' });
  expect(await two.users.get('someone')).toMatchObject({ name: 'someone' });
  expect(states()).toEqual(['down', 'up']);
});

it('of those who share a repository the shortest grace counts, and it listens once, also if all open it at once', async () => {
  const own = randomUUID();
  const url = `${inject('postgresUrl')}?schema=${own}&application_name=${own}&max=1`;
  const repository = new PostgresUserRepository(url);
  onTestFinished(() => repository.close());
  const states: string[] = [];
  const open = (grace: number) => repository.open({ grace, report: (state) => states.push(`${grace}: ${state}`) });
  await Promise.all([open(60_000), open(0), open(30_000)]);
  await repository.insert(userNamed('someone'));
  await repository.find('someone');
  const connections = () => psql(url, 'SELECT FROM pg_stat_activity WHERE application_name = $1', [own]);
  await expect.poll(async () => (await connections()).length).toBe(2);

  const ownTable = usersTable(url);
  await psql(url, `BEGIN; LOCK TABLE ${ownTable} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3.5)`);
  expect(states).toContain('0: down');
  expect(states).not.toContain('0: grace');
  expect(states).not.toContain('60000: grace');
});
