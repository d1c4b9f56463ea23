/**
 * A program that serves an app which keeps its events: `memory-program STORE`. The environment has the first admin, and
 * `http.sharedSecret` is that of tokens.ts. It answers each message with its port, and writes a snapshot of its heap into the
 * file that a message names.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeHeapSnapshot } from 'node:v8';
import { kapacitorAuth } from '../../lib/index.js';
import { appBehind } from './app-behind.js';
import { SECRET } from './tokens.js';

const EVENTS = ['login', 'login-failed', 'denied', 'user-created', 'user-changed', 'user-operation-failed'] as const;

const kept: unknown[] = [];

async function run(): Promise<void> {
  const auth = kapacitorAuth({
    auth: {
      store: process.argv[2] as string,
      bcryptCost: 4,
      minimumPasswordLength: 0,
    },
    http: { sessions: true, queryCredentials: true, sharedSecret: SECRET },
  });
  for (const event of EVENTS) auth.on(event, (...details) => kept.push(details));
  await auth.ready;
  const server = createServer(appBehind(auth));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.on('message', ({ file }: { readonly file?: string }) => {
    if (file !== undefined) writeHeapSnapshot(file);
    process.send?.((server.address() as AddressInfo).port);
  });
  process.send?.('ready');
}

void run();
