import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import basicAuth from 'express-basic-auth';
import { kapacitorAuth } from '../lib/index.js';
import { passRequest } from './slow-clock.js';

/** The apps that are compared. */
export type CountedApp = 'bare' | 'nothing' | 'basic-auth' | 'kapacitor-auth';

/** The port of the app, and the credentials of its user. */
export interface CountedServer {
  readonly port: number;
  readonly name: string;
  readonly password: string;
  /** Undefined where the app knows none. */
  readonly key: string | undefined;
}

const USER = { name: 'exampleUsername', password: 'examplePassword', permissions: ['api'] } as const;

const [, , appName, store = 'memory:'] = process.argv;
void serve();

/** Serves an app on a free port: `instructions-process APP STORE`. */
async function serve(): Promise<void> {
  const app = express();
  const key = await protect(app);
  app.get('/kapacitor/v1/tasks', (_req, res) => {
    res.json({ tasks: [] });
  });
  // An emulated processor takes longer to answer than a server usually waits.
  const server = createServer({ keepAliveTimeout: 3_600_000, requestTimeout: 0 }, (req, res) => {
    passRequest();
    app(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  process.send?.({ port, name: USER.name, password: USER.password, key } satisfies CountedServer);
  process.on('disconnect', () => process.exit());
}

/** @returns the key of the user */
async function protect(app: Express): Promise<string | undefined> {
  if (appName === 'nothing') app.use((_req, _res, next) => next());
  if (appName === 'basic-auth') app.use(basicAuth({ users: { [USER.name]: USER.password } }));
  if (appName !== 'kapacitor-auth') return undefined;
  const auth = kapacitorAuth({ auth: { store, bcryptCost: 4 }, http: { sessions: true } });
  await auth.ready;
  if ((await auth.users.get(USER.name)) === undefined) await auth.users.create(USER);
  const { key } = await auth.keys.create(USER.name, { name: 'machine' });
  app.use(auth);
  return key;
}
