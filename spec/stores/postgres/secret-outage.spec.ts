import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { MuteProxy } from '../../support/mute-proxy.js';
import { openPostgres } from '../../support/postgres-repository.js';
import { PostgresServer } from '../../support/postgres-server.js';
import { keyOf, sessionOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

const KNOWN = keyOf('someone', 'known');
const OTHER = keyOf('someone', 'other');
const SESSION = sessionOf('someone');

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.create();
});
beforeEach(() => server.start());
afterAll(() => server.remove());

/** A repository with two secrets in memory, and one that is not. */
async function openWithSecrets(url: string, grace: number) {
  const repository = new PostgresUserRepository(url);
  onTestFinished(() => repository.close());
  const states: string[] = [];
  await repository.open({ grace, report: (state) => states.push(state) });
  await repository.insert(userNamed('someone'));
  const { secrets } = repository;
  for (const secret of [KNOWN, OTHER, SESSION]) await secrets.insert(secret, '1', 10);
  for (const { digest } of [KNOWN, SESSION]) await secrets.find(digest);
  const find = async ({ digest }: typeof KNOWN) => secrets.find(digest);
  const until = (state: string) =>
    expect
      .poll(
        () =>
          find(KNOWN).then(
            () => states.at(-1),
            () => states.at(-1),
          ),
        { interval: 10, timeout: 15_000 },
      )
      .toBe(state);
  return { secrets, find, until, states };
}

describe.each([
  [
    'the server is killed with -9',
    () => ({ url: `${server.url()}?schema=${randomUUID()}`, begin: () => server.kill(), end: () => server.start() }),
  ],
  [
    'the network loses every packet',
    async () => {
      const proxy = await MuteProxy.before(inject('postgresUrl'));
      return { url: `${proxy.url}?schema=${randomUUID()}`, begin: () => proxy.mute(), end: () => proxy.passOnNew() };
    },
  ],
])('while %s', (_fault, database) => {
  it('secrets in memory are served for the grace and not after it, and all of them after the outage', {
    timeout: 60_000,
  }, async () => {
    const { url, begin, end } = await database();
    const { secrets, find, until } = await openWithSecrets(url, 7_000);
    await begin();
    await until('grace');
    for (const secret of [KNOWN, SESSION]) expect(await find(secret)).toEqual(secret);
    await expect(find(OTHER)).rejects.toThrow();
    await expect(secrets.remove('someone', 'key', KNOWN.id)).rejects.toThrow();
    await expect(secrets.insert(keyOf('someone', 'new'), '1', 10)).rejects.toThrow();
    await until('down');
    for (const secret of [KNOWN, SESSION, OTHER]) await expect(find(secret)).rejects.toThrow();
    await end();
    await until('up');
    for (const secret of [KNOWN, SESSION, OTHER]) expect(await find(secret)).toEqual(secret);
    expect(await secrets.remove('someone', 'key', KNOWN.id)).toBe(true);
    expect(await find(KNOWN)).toBeUndefined();
  });
});

describe('a removed key is not served in the grace', () => {
  it('if this process removed it, even if the answer was lost', async () => {
    const { secrets, find, until } = await openWithSecrets(`${server.url()}?schema=${randomUUID()}`, 60_000);
    await secrets.remove('someone', 'key', KNOWN.id);
    const removing = secrets.remove('someone', 'session', SESSION.id).catch(() => {});
    await server.kill();
    await removing;
    await until('grace');
    for (const secret of [KNOWN, SESSION]) await expect(find(secret)).rejects.toThrow();
  });

  it('if another process removed it before', async () => {
    const url = `${server.url()}?schema=${randomUUID()}`;
    const { find, until } = await openWithSecrets(url, 60_000);
    const other = await openPostgres(url);
    await other.secrets.remove('someone', 'key', KNOWN.id);
    await server.kill();
    await until('grace');
    await expect(find(KNOWN)).rejects.toThrow();
  });

  it('from the moment at which the database answers again, if another process removed it meanwhile', {
    timeout: 30_000,
  }, async () => {
    const proxy = await MuteProxy.before(inject('postgresUrl'));
    const schema = randomUUID();
    const { find, until } = await openWithSecrets(`${proxy.url}?schema=${schema}`, 60_000);
    const other = await openPostgres(`${inject('postgresUrl')}?schema=${schema}`);
    proxy.mute();
    await until('grace');
    await other.secrets.remove('someone', 'key', KNOWN.id);
    expect(await find(KNOWN)).toEqual(KNOWN);
    proxy.passOnNew();
    await expect.poll(() => find(KNOWN), { interval: 5, timeout: 15_000 }).toBeUndefined();
    expect(await find(SESSION)).toEqual(SESSION);
  });
});

it('a server that comes back as a standby lets no secret in, not even from memory', { timeout: 30_000 }, async () => {
  const own = await PostgresServer.create();
  onTestFinished(() => own.remove());
  const { find, until } = await openWithSecrets(own.url(), 60_000);
  const [{ data_directory: folder }] = await own.query('SHOW data_directory');
  await own.stop();
  writeFileSync(join(folder, 'standby.signal'), '');
  const isPrimary = own.start();
  await until('down');
  await expect(find(KNOWN)).rejects.toMatchObject({ code: '25006' });
  await own.query('SELECT pg_promote()');
  await isPrimary;
  await until('up');
  expect(await find(KNOWN)).toEqual(KNOWN);
});
