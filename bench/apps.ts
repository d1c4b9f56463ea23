import bcrypt from 'bcrypt';
import express, { type Express } from 'express';
import basicAuth from 'express-basic-auth';
import { type KapacitorAuthConfig, kapacitorAuth } from 'kapacitor-auth';
import { Passport } from 'passport';
import { BasicStrategy } from 'passport-http';

/** The user that every app knows. */
export const USER = { name: 'exampleUsername', password: 'examplePassword' };

/** bcrypt's, for every app that has hashes. */
const COST = 10;

const PROTECTIONS = {
  'bare Express': () => {},
  'kapacitor-auth': (app, folder) => protect(app, { auth: { store: `lmdb:${folder}`, bcryptCost: COST } }),
  'kapacitor-auth, no cache': (app, folder) =>
    protect(app, { auth: { store: `lmdb:${folder}`, bcryptCost: COST, cacheExpiration: 0 } }),
  'passport-http, plaintext': (app) => {
    protectWithPassport(app, (name, password) => name === USER.name && password === USER.password);
  },
  'passport-http, bcrypt': async (app) => {
    const hash = await bcrypt.hash(USER.password, COST);
    protectWithPassport(app, async (name, password) => name === USER.name && bcrypt.compare(password, hash));
  },
  'express-basic-auth': (app) => {
    app.use(basicAuth({ users: { [USER.name]: USER.password } }));
  },
} satisfies Record<string, (app: Express, folder: string) => void | Promise<void>>;

export type AppName = keyof typeof PROTECTIONS;

/** The same app behind each of the ways to protect it that are compared. */
export async function createApp(name: AppName, folder: string): Promise<Express> {
  const app = express();
  await PROTECTIONS[name](app, folder);
  app.get('/kapacitor/v1/tasks', (_req, res) => {
    res.json({ tasks: [] });
  });
  return app;
}

async function protect(app: Express, config: KapacitorAuthConfig): Promise<void> {
  const auth = kapacitorAuth(config);
  if ((await auth.users.get(USER.name)) === undefined) await auth.users.create({ ...USER, permissions: ['api'] });
  app.use(auth);
}

type Verify = (name: string, password: string) => boolean | Promise<boolean>;

function protectWithPassport(app: Express, verify: Verify): void {
  const passport = new Passport();
  passport.use(
    new BasicStrategy({}, (name, password, done) => {
      const answer = verify(name, password);
      if (typeof answer === 'boolean') done(null, answer && { name });
      else answer.then((matches) => done(null, matches && { name }), done);
    }),
  );
  app.use(passport.authenticate('basic', { session: false }));
}
