import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import { cutListening } from '../../support/listening-connection.js';
import { poolWith } from '../../support/pool-beside.js';
import { openPostgres, ownPool, schemaOf } from '../../support/postgres-repository.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { userNamed } from '../../support/stored-user.js';

/** An option of `pg` that its types lack. */
const BINARY: object = { binary: true };

it('a standby is refused, also with a binary format, and is accepted once it is promoted', {
  timeout: 60_000,
}, async () => {
  const server = await PostgresServer.create();
  onTestFinished(() => server.remove());
  // The table exists, so that making it cannot be what fails.
  await (await openPostgres(server.url())).close();
  const [{ data_directory: folder }] = await server.query('SHOW data_directory');
  await server.stop();
  writeFileSync(join(folder, 'standby.signal'), '');
  // Resolves when the server accepts changes.
  const isPrimary = server.start();
  await expect.poll(() => server.query('SELECT').catch(() => 'not there yet'), { timeout: 10_000 }).toHaveLength(1);

  for (const source of [server.url(), ownPool(server.url(), BINARY)]) {
    const error = await openPostgres(source).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({
      message:
        'the server is a standby, which sees changes late and sends no notifications: connect to the primary server',
    });
  }

  await server.query('SELECT pg_promote()');
  await isPrimary;
  expect(await (await openPostgres(server.url())).find('someone')).toBeUndefined();
});

it('a server that comes back as a standby lets nobody in, not even users in memory', async () => {
  const server = await PostgresServer.create();
  onTestFinished(() => server.remove());
  const repository = new PostgresUserRepository(server.url());
  onTestFinished(() => repository.close());
  const states: string[] = [];
  await repository.open({ grace: 60_000, report: (state) => states.push(state) });
  await repository.insert(userNamed('someone'));
  await repository.find('someone');
  const [{ data_directory: folder }] = await server.query('SHOW data_directory');
  await server.stop();
  expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
  states.length = 0;

  writeFileSync(join(folder, 'standby.signal'), '');
  const isPrimary = server.start();
  // Each request tries the database again, and is served from memory until that answers.
  const find = async () => repository.find('someone');
  const stateAfterRequest = async () => {
    await find().catch(() => {});
    return states.at(-1);
  };
  await expect.poll(stateAfterRequest, { interval: 5, timeout: 10_000 }).toBe('down');
  await expect(find()).rejects.toMatchObject({ code: '25006' });
  expect(states).not.toContain('up');
  await server.query('SELECT pg_promote()');
  await isPrimary;
  await expect.poll(() => states.at(-1), { timeout: 10_000 }).toBe('up');
  expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
});

it('a server that becomes a standby while the app runs lets nobody in: its answers may be outdated', async () => {
  const name = randomUUID();
  const url = `${inject('postgresUrl')}?schema=${name}`;
  const pool = ownPool(url, { connectionTimeoutMillis: 2_000, statement_timeout: 1_000, application_name: name });
  let isStandby = false;
  class Client extends pg.Client {
    override query(...asked: any[]): any {
      if (!isStandby || !asked[0].text.includes('LISTEN')) return super.query(...(asked as [string]));
      return Promise.reject(Object.assign(new Error('cannot execute LISTEN during recovery'), { code: '25006' }));
    }
  }
  const repository = new PostgresUserRepository(poolWith(pool, Client), { schema: schemaOf(url) });
  onTestFinished(() => repository.close());
  const states: string[] = [];
  await repository.open({ grace: 60_000, report: (state, reason) => states.push(`${state} ${reason}`) });
  await repository.insert(userNamed('someone'));
  await repository.find('someone');

  isStandby = true;
  await cutListening(url, name);
  const down = 'down cannot execute LISTEN during recovery';
  await expect.poll(() => states.at(-1), { timeout: 5_000 }).toBe(down);
  expect(() => repository.find('someone')).toThrow('cannot execute LISTEN during recovery');

  isStandby = false;
  await expect.poll(() => states.at(-1), { timeout: 5_000 }).toBe('up undefined');
  expect(await repository.find('someone')).toMatchObject({ name: 'someone' });
});
