import { createServer, type IncomingMessage } from 'node:http';
import express, { type Request, type RequestHandler, type Response } from 'express';
import {
  kapacitorAuth,
  type OptionalUser,
  type Refusals,
  type ResolvedPermissions,
  type UpgradeOptions,
  type User,
} from 'kapacitor-auth';
import { Server } from 'socket.io';
import { claim, type Same } from './claims.js';

const refusals: Refusals = 'next';
const auth = kapacitorAuth({ http: { refusals } });
claim<Same<typeof auth.config.permissions, ResolvedPermissions>>();
const app = express();

/** A handler that says that there may be no user has to ask. */
const greet = (req: OptionalUser<Request>, res: Response) => {
  claim<Same<typeof req.user, Express.User | undefined>>();
  // @ts-expect-error there may be nobody
  req.user.name;
  res.send(`Hello, ${req.user?.name ?? 'stranger'}: ${req.path}`);
};
app.get('/', auth.optional, greet);
app.use(greet satisfies RequestHandler);
app.get('/orders/:id', auth.optional, (req: OptionalUser<Request<{ id: string }>>, res: Response) => {
  claim<Same<typeof req.params.id, string>>();
  res.json(auth.can(req.user, 'GET', req.path));
});

const origins: UpgradeOptions = { origins: ['https://app.example.com'] };
createServer(app).on('upgrade', async (req, socket, head) => {
  claim<Same<typeof req, IncomingMessage>>();
  const user = await auth.authorizeUpgrade(req, socket);
  claim<Same<typeof user, User<never> | undefined>>();
  await auth.authorizeUpgrade(req, socket, { ...origins, app });
  // @ts-expect-error the head is for the one who takes the connection
  await auth.authorizeUpgrade(req, socket, head);
  // @ts-expect-error a list
  await auth.authorizeUpgrade(req, socket, { origins: 'https://app.example.com' });
  // @ts-expect-error an app of Express
  await auth.authorizeUpgrade(req, socket, { app: new Server() });
});

app.post('/login', async (req, res) => {
  const user = await auth.verify(req.headers.authorization, { from: req });
  claim<Same<typeof user, User<never> | undefined>>();
  res.json(auth.can(user, 'GET', '/orders'));
  await auth.verify({ name: 'kim', password: 'secret' }, { from: '192.0.2.1' });
  // @ts-expect-error somebody has to answer for failures
  await auth.verify('Basic x');
  // @ts-expect-error a field is misspelt
  await auth.verify({ name: 'kim', pasword: 'secret' }, { from: req });
  // @ts-expect-error the request is an option
  await auth.verify('Basic x', req);
});
