import type { AddressInfo } from 'node:net';
import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';
import { FAILURE_LIMIT, FAILURE_WINDOW, GRACE, ROOT } from './soak-settings.js';

/** The messages of a server of the soak: its port, and its memory in bytes whenever it is asked. */
export type SoakTold =
  | { readonly port: number }
  | { readonly rss: number; readonly heap: number }
  | { readonly ended: string };

/** Serves an app behind the whole middleware: `soak-process.ts STORE [make-root]`. Any message asks for its memory. */
const [, , store = '', task] = process.argv;
const auth = kapacitorAuth({
  http: { usersPage: true },
  auth: {
    store,
    // The soak is about time and not about work.
    bcryptCost: 4,
    ...(store.startsWith('postgres:') && { storeGrace: `${GRACE}ms` }),
    failureLimit: FAILURE_LIMIT,
    failureWindow: `${FAILURE_WINDOW}ms`,
  },
});
const app = express().set('trust proxy', 'loopback').use(auth);
app.use((req, res) => {
  res.json({ user: (req.user as { readonly name: string }).name });
});

const tell = (told: SoakTold) => process.send?.(told);
process.on('uncaughtException', ({ stack }) => tell({ ended: String(stack) }));
process.on('warning', ({ message }) => console.error(`server ${process.pid}: ${message}`));
process.on('disconnect', () => process.exit());
process.on('message', () => {
  global.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  tell({ rss, heap: heapUsed + external });
});

await auth.ready;
if (task === 'make-root') await auth.users.create({ ...ROOT, type: 'admin' });
const server = app.listen(0, '127.0.0.1', () => tell({ port: (server.address() as AddressInfo).port }));
// A client may send a request just as the server closes an idle connection.
server.keepAliveTimeout = 0;
