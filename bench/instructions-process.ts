// The first import: the clock is bound when the package is loaded.
import './slow-clock.js';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import basicAuth from 'express-basic-auth';
import { kapacitorAuth } from '../lib/index.js';

/** The apps that are compared. */
export type CountedApp = 'bare' | 'nothing' | 'basic-auth' | 'kapacitor-auth';

/** The headers of a request for each kind of credentials. */
export interface CountedCredentials {
  readonly port: number;
  readonly headers: Readonly<Record<'password' | 'key' | 'session', string>>;
}

const USER = { name: 'exampleUsername', password: 'examplePassword', permissions: ['api'] } as const;

const PASSWORD = `Authorization: Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}`;

const [, , name, store = 'memory:'] = process.argv;
void serve();

/** Serves an app on a free port: `instructions-process APP STORE`. */
async function serve(): Promise<void> {
  const app = express();
  const signIn = await protect(app);
  app.get('/kapacitor/v1/tasks', (_req, res) => {
    res.json({ tasks: [] });
  });
  // An emulated processor takes longer to answer than a server usually waits.
  const server = createServer({ keepAliveTimeout: 3_600_000, requestTimeout: 0 }, app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  process.send?.({ port, headers: { password: PASSWORD, ...(await signIn?.(port)) } });
  process.on('disconnect', () => process.exit());
}

/** @returns what gets the other credentials once the app is served */
async function protect(
  app: Express,
): Promise<((port: number) => Promise<Omit<CountedCredentials['headers'], 'password'>>) | undefined> {
  if (name === 'nothing') app.use((_req, _res, next) => next());
  if (name === 'basic-auth') app.use(basicAuth({ users: { [USER.name]: USER.password } }));
  if (name !== 'kapacitor-auth') return undefined;
  const auth = kapacitorAuth({ auth: { store, bcryptCost: 4 }, http: { sessions: true } });
  await auth.ready;
  if ((await auth.users.get(USER.name)) === undefined) await auth.users.create(USER);
  const { key } = await auth.keys.create(USER.name, { name: 'machine' });
  app.use(auth);
  return async (port) => ({ key: `Authorization: Bearer ${key}`, session: await sessionOf(port) });
}

async function sessionOf(port: number): Promise<string> {
  const { name, password } = USER;
  const signedIn = await fetch(`http://127.0.0.1:${port}/kapacitor/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  return `Cookie: ${signedIn.headers.getSetCookie()[0]?.replace(/;.*/, '')}`;
}
