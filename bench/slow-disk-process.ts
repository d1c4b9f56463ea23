import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { kapacitorAuth, SqliteUserRepository } from 'kapacitor-auth';

/**
 * Serves an app on a store, and sends its port: `slow-disk-process.ts FILE NAME PASSWORD`. After a message with a number
 * it changes a user, other than the one who makes the requests, every so many milliseconds. 0 stops that.
 */
const [, , file, name = '', password = ''] = process.argv;
const auth = kapacitorAuth({ auth: { store: new SqliteUserRepository(file as string), bcryptCost: 4 } });
for (const each of [name, 'changed']) await auth.users.create({ name: each, password, permissions: ['api'] });
const server = createServer(express().use(auth, (_req, res) => void res.end()));
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

let timer: NodeJS.Timeout | undefined;
/** The changes since the last message. */
let changes = { made: 0 };
process.on('message', (every: number) => {
  clearInterval(timer);
  process.send?.(changes.made);
  const since = { made: 0 };
  changes = since;
  if (every === 0) return;
  timer = setInterval(async () => {
    await auth.users.update('changed', { permissions: Math.random() < 0.5 ? ['api'] : ['all'] });
    since.made += 1;
  }, every);
});
process.on('disconnect', () => process.exit());
