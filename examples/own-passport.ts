import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import express, { type Express } from 'express';
import { type KapacitorAuth, type KapacitorAuthConfig, kapacitorAuth, type User } from 'kapacitor-auth';
import passport from 'passport';

/** A token for this demo. Read yours from the place where you keep secrets. */
const REPORTS_TOKEN = process.env['REPORTS_TOKEN'] ?? 'exampleToken';

/** The identity of clients that send the token. */
const REPORTER: User = { name: 'reporter', type: 'normal', permissions: [], enabled: true };

/** The strategy that this app had before: it knows machines, which send `X-Token` and are not users. */
class TokenStrategy extends passport.Strategy {
  override readonly name = 'token';

  override authenticate(req: IncomingMessage): void {
    if (req.headers['x-token'] === REPORTS_TOKEN) this.success(REPORTER);
    else this.fail('Token');
  }
}

/** An app with a Passport of its own, which protects its routes one by one. */
export async function createApp(config: KapacitorAuthConfig): Promise<{ app: Express; auth: KapacitorAuth }> {
  const auth = kapacitorAuth(config);
  await auth.ready;
  await createDemoUsers(auth);

  const ownPassport = new passport.Passport();
  ownPassport.use(new TokenStrategy());
  ownPassport.use(auth.strategy);

  const app = express();

  app.get('/', (_req, res) => res.send('open to everybody'));

  // Passport authenticates, and writes the 401.
  app.get('/metrics', ownPassport.authenticate('token', { session: false }), (req, res) => res.send(req.user.name));
  app.get('/profile', ownPassport.authenticate('basic', { session: false }), (req, res) => res.json(req.user));
  app.get('/either', ownPassport.authenticate(['token', 'basic'], { session: false }), (req, res) => {
    res.send(req.user.name);
  });

  // Passport authenticates, and requirePrivilege authorizes. It does not verify the password again.
  app.delete(
    '/profile/drafts/:id',
    ownPassport.authenticate('basic', { session: false }),
    auth.requirePrivilege('delete'),
    (_req, res) => res.status(204).end(),
  );

  // The same without Passport: 401 and 403 are answered in JSON.
  app.get('/reports', auth.authenticate, (req, res) => res.json({ reports: [], for: req.user.name }));
  app.delete('/reports/:id', auth.requirePrivilege('delete'), (_req, res) => res.status(204).end());
  app.post('/measurements', auth.requirePrivilege('write', '/api/write'), (_req, res) => res.status(204).end());
  app.get('/audit', auth.requireAdmin, (_req, res) => res.json({ audit: [] }));
  app.use('/admin/users', auth.usersRouter);

  return { app, auth };
}

async function createDemoUsers({ users }: KapacitorAuth): Promise<void> {
  if ((await users.list({ limit: 1 })).length > 0) return;
  await users.create({ name: 'admin', password: 'adminPassword', type: 'admin' });
  await users.create({ name: 'demo', password: 'demoPassword', permissions: ['api'] });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { app, auth } = await createApp({});
  const { host = 'localhost', port } = auth.config.http.bindAddress;
  const server = app.listen(port, host, (error) => {
    if (error) throw error;
    const { port } = server.address() as AddressInfo;
    console.log(`http://${host}:${port}: the users are admin:adminPassword and demo:demoPassword`);
  });
  const stop = () => server.close(() => auth.close());
  process.once('SIGINT', stop).once('SIGTERM', stop);
}
