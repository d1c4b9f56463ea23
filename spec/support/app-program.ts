/**
 * A program that serves an app behind the whole middleware: `app-program FILE`, with the file of a store. Hashes are
 * cheap, and there is an admin `root` whose password is `pw`. It tells each state of its store, and its port once the
 * store can be asked. It answers each message with the longest time that its event loop was held up since the last one.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { kapacitorAuth, SqliteUserRepository } from '../../lib/index.js';
import { appBehind } from './app-behind.js';

export type AppTold =
  | { readonly port: number }
  | { readonly state: string; readonly reason: string | undefined }
  /** Milliseconds. */
  | { readonly heldUp: number };

const NANOSECONDS = 1e6;
const tell = (told: AppTold) => process.send?.(told);
const delay = monitorEventLoopDelay({ resolution: 1 });

async function run(): Promise<void> {
  const auth = kapacitorAuth({
    auth: {
      store: new SqliteUserRepository(process.argv[2] as string),
      bcryptCost: 4,
      minimumPasswordLength: 0,
      admin: { name: 'root', password: 'pw' },
    },
  });
  auth.on('store-state', ({ state, reason }) => tell({ state, reason }));
  await auth.ready;
  const server = createServer(appBehind(auth));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  delay.enable();
  process.on('message', () => {
    tell({ heldUp: delay.max / NANOSECONDS });
    delay.reset();
  });
  tell({ port: (server.address() as AddressInfo).port });
}

/** The program ends with the process that started it. */
process.on('disconnect', () => process.exit());
void run();
