import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';

/** Credentials of one user, each as the headers of a request. */
export interface ServedCredentials {
  readonly port: number;
  readonly headers: Readonly<Record<'password' | 'key' | 'session', Readonly<Record<string, string>>>>;
  /** Keys that no request has used yet. */
  readonly unused: readonly string[];
}

/** The keys of a user, less the one that is in use. */
const UNUSED = 99;

const USER = { name: 'someone', password: 'examplePassword', permissions: ['api'] } as const;

/** Serves an app on a free port: `credentials-process.ts STORE`. */
const auth = kapacitorAuth({ auth: { store: process.argv[2] as string }, http: { sessions: true } });
await auth.ready;
await auth.users.create(USER);
const { key } = await auth.keys.create(USER.name, { name: 'machine' });
const unused: string[] = [];
for (let index = 0; index < UNUSED; index += 1) {
  unused.push((await auth.keys.create(USER.name, { name: `machine ${index}` })).key);
}
const app = express();
app.use(auth);
app.get('/kapacitor/v1/tasks', (_req, res) => {
  res.json({ tasks: [] });
});
const server = createServer(app);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
const signedIn = await fetch(`http://127.0.0.1:${port}/kapacitor/v1/session`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ name: USER.name, password: USER.password }),
});
const [cookie = ''] = signedIn.headers.getSetCookie().map((each) => each.replace(/;.*/, ''));
process.send?.({
  port,
  headers: {
    password: { authorization: `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}` },
    key: { authorization: `Bearer ${key}` },
    session: { cookie },
  },
  unused,
} satisfies ServedCredentials);
/** Answers each message with the time of a core that this process has used so far, in microseconds. */
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on('disconnect', () => process.exit());
