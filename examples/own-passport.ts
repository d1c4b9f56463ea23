import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import express, { type Express } from 'express';
import { type KapacitorAuth, type KapacitorAuthConfig, kapacitorAuth, type User } from 'kapacitor-auth';
import passport from 'passport';

/** The token of a demo. One of yours comes from where your secrets are. */
const REPORTS_TOKEN = process.env['REPORTS_TOKEN'] ?? 'exampleToken';

/** Who sends it. */
const REPORTER: User = { name: 'reporter', type: 'normal', permissions: [], enabled: true };

/** The strategy that this app had before: machines that send `X-Token`, and are no users. */
class TokenStrategy extends passport.Strategy {
  override readonly name = 'token';

  override authenticate(req: IncomingMessage): void {
    if (req.headers['x-token'] === REPORTS_TOKEN) this.success(REPORTER);
    else this.fail('Token');
  }
}

/** An app that has a Passport of its own, and protects its routes one by one. */
export async function createApp(config: KapacitorAuthConfig): Promise<{ app: Express; auth: KapacitorAuth }> {
  const auth = kapacitorAuth(config);
  await auth.ready;
  await createDemoUsers(auth);

  const ownPassport = new passport.Passport();
  ownPassport.use(new TokenStrategy());
  ownPassport.use(auth.strategy);

  const app = express();

  app.get('/', (_req, res) => res.send('open to everybody'));

  // Passport decides who; the answer to whoever it does not know is Passport's own.
  app.get('/metrics', ownPassport.authenticate('token', { session: false }), (req, res) => res.send(req.user.name));
  app.get('/profile', ownPassport.authenticate('basic', { session: false }), (req, res) => res.json(req.user));
  app.get('/either', ownPassport.authenticate(['token', 'basic'], { session: false }), (req, res) => {
    res.send(req.user.name);
  });

  // What Passport has found out is not asked again by the handlers below, which know what their own user may do.
  app.delete(
    '/profile/drafts/:id',
    ownPassport.authenticate('basic', { session: false }),
    auth.requirePrivilege('delete'),
    (_req, res) => res.status(204).end(),
  );

  // The same without Passport: answers in JSON, 401 for whoever is not known, and 403 for what they may not do.
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
