import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { expect, it, onTestFinished } from 'vitest';
import type { StoreState } from '../../../lib/users/repository.js';
import { openPostgres, ownSchema, psql, usersTable } from '../../support/postgres-repository.js';
import { keyOf } from '../../support/stored-secret.js';
import { userNamed } from '../../support/stored-user.js';

/** Milliseconds. Users in memory are trusted for no longer. */
const TRUSTED_FOR = 900;

/** A repository behind a proxy, with a user in memory, and psql without one. */
async function openBehindProxy(passes: (number: number) => boolean) {
  const url = ownSchema();
  const other = await openPostgres(url);
  await other.insert(userNamed('someone'));
  const proxy = await startProxy(url, passes);
  const repository = new PostgresUserRepository(proxy.url);
  onTestFinished(() => repository.close());
  const states: StoreState[] = [];
  await repository.open({ grace: 60_000, report: (state) => states.push(state) });
  await repository.find('someone');
  return {
    dropped: proxy.dropped,
    states: () => new Set(states),
    revision: async () => (await repository.find('someone'))?.revision,
    secrets: repository.secrets,
    other,
    stored: () => psql(url, `SELECT name FROM ${usersTable(url)}`),
    remove: () => psql(url, `DELETE FROM ${usersTable(url)}`),
    update: (revision: string) => psql(url, `UPDATE ${usersTable(url)} SET revision = $1`, [revision]),
  };
}

it('a change whose notification is lost is in force once users in memory are no longer trusted', async () => {
  // The first notification on a connection is the test whether it receives any.
  const { dropped, states, revision, update } = await openBehindProxy((number) => number === 1);
  for (let round = 1; round <= 5; round += 1) {
    await update(`lost ${round}`);
    const changedAt = performance.now();
    let lastOld = changedAt;
    const current = async () => {
      const askedAt = performance.now();
      const found = await revision();
      if (found !== `lost ${round}`) lastOld = askedAt;
      return found;
    };
    await expect.poll(current, { interval: 1, timeout: 5_000 }).toBe(`lost ${round}`);
    expect(lastOld - changedAt).toBeLessThan(TRUSTED_FOR);
  }
  expect(dropped()).toBe(5);
  expect(states()).toEqual(new Set(['up']));
});

it('a removed key whose notification is lost lets nobody in when the removal is answered', async () => {
  const { dropped, states, secrets, other } = await openBehindProxy((number) => number === 1);
  for (let round = 1; round <= 5; round += 1) {
    const key = keyOf('someone', `${round}`);
    await other.secrets.insert(key, '1', 100);
    expect(await secrets.find(key.digest)).toEqual(key);
    await other.secrets.remove('someone', 'key', key.id);
    expect(await secrets.find(key.digest)).toBeUndefined();
  }
  // The other process has also asked whether it has arrived.
  expect(dropped()).toBe(10);
  expect(states()).toEqual(new Set(['up']));
});

it('a user who gets the name of a removed one is the only one with it when that is answered', async () => {
  const { revision, other, remove } = await openBehindProxy((number) => number === 1);
  expect(await revision()).toBe('1');
  await remove();
  expect(await revision()).toBe('1');
  expect(await other.insert(userNamed('someone', { revision: 'anew' }))).toBe(true);
  expect(await revision()).toBe('anew');
});

it('a user whose removal is found to be done already is removed in every process', async () => {
  const { revision, other, remove } = await openBehindProxy((number) => number === 1);
  await remove();
  expect(await revision()).toBe('1');
  expect(await other.remove('someone')).toBe('not-found');
  expect(await revision()).toBeUndefined();
});

it('a change that waits for another process fails when its own is closed: nobody knows whether it is in force', async () => {
  const { other, stored } = await openBehindProxy((number) => number === 1);
  const removing = expect(other.remove('someone')).rejects.toMatchObject({ message: 'the user store is closed' });
  await expect.poll(stored, { interval: 5 }).toEqual([]);
  await other.close();
  await removing;
});

it('a removed key lets nobody in at once if a pooler forwards no notifications', async () => {
  const { secrets, other, states } = await openBehindProxy(() => false);
  for (let round = 1; round <= 20; round += 1) {
    const key = keyOf('someone', `${round}`);
    await other.secrets.insert(key, '1', 100);
    expect(await secrets.find(key.digest)).toEqual(key);
    await other.secrets.remove('someone', 'key', key.id);
    expect(await secrets.find(key.digest)).toBeUndefined();
  }
  expect(states()).toEqual(new Set(['degraded']));
});

it('a change is in force at once if a pooler forwards no notifications, because each request reads the table', async () => {
  const { dropped, states, revision, update } = await openBehindProxy(() => false);
  for (let round = 1; round <= 20; round += 1) {
    await revision();
    await update(`lost ${round}`);
    expect(await revision()).toBe(`lost ${round}`);
  }
  expect(dropped()).toBeGreaterThan(0);
  expect(states()).toEqual(new Set(['degraded']));
});

/** The type of a NotificationResponse: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const NOTIFICATION = 'A'.charCodeAt(0);

/**
 * Starts a proxy before the server that drops notifications.
 *
 * @param passes whether the notification of this number on its connection is passed on
 */
async function startProxy(url: string, passes: (number: number) => boolean) {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let dropped = 0;
  const server = createServer((client) => {
    const database = connect(Number(port), hostname);
    let notifications = 0;
    let rest: Buffer = Buffer.alloc(0);
    client.pipe(database);
    database.on('data', (chunk) => {
      const { messages, incomplete } = messagesOf(Buffer.concat([rest, chunk]));
      rest = incomplete;
      const passed = messages.filter((message) => message[0] !== NOTIFICATION || passes(++notifications));
      dropped += messages.length - passed.length;
      // In one piece: small packets would wait for acknowledgements.
      client.write(Buffer.concat(passed));
    });
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const proxied = new URL(url);
  proxied.port = String((server.address() as AddressInfo).port);
  return { url: proxied.href, dropped: () => dropped };
}

/** Splits bytes into messages: a byte with the type, four with the length of themselves and the content, the content. */
function messagesOf(bytes: Buffer): { messages: Buffer[]; incomplete: Buffer } {
  const messages: Buffer[] = [];
  let from = 0;
  while (bytes.length >= from + 5) {
    const to = from + 1 + bytes.readInt32BE(from + 1);
    if (to > bytes.length) break;
    messages.push(bytes.subarray(from, to));
    from = to;
  }
  return { messages, incomplete: bytes.subarray(from) };
}
