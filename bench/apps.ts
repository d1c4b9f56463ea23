import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import bcrypt from 'bcrypt';
import express, { type Express, type RequestHandler } from 'express';
import basicAuth from 'express-basic-auth';
import { type KapacitorAuthConfig, kapacitorAuth } from 'kapacitor-auth';
import { Passport } from 'passport';
import { BasicStrategy } from 'passport-http';

/** The user that every app knows. */
export const USER = { name: 'exampleUsername', password: 'examplePassword' };

/** Another user that every app knows. The attacker guesses its password. */
export const VICTIM = { name: 'victim', password: 'anotherPassword' };

/** The cost of bcrypt in every app that hashes. */
const COST = 10;

const PASSWORDS: Record<string, string> = { [USER.name]: USER.password, [VICTIM.name]: VICTIM.password };

const sqliteIn = (folder: string) => `sqlite:${join(folder, 'users.db')}`;

const PROTECTIONS = {
  'bare Express': () => {},
  'kapacitor-auth': (app, folder) => protect(app, { auth: { store: sqliteIn(folder), bcryptCost: COST } }),
  'kapacitor-auth, no cache': (app, folder) =>
    protect(app, { auth: { store: sqliteIn(folder), bcryptCost: COST, cacheExpiration: 0 } }),
  'kapacitor-auth, PostgreSQL': (app, _folder, postgres) =>
    protect(app, { auth: { store: postgres, bcryptCost: COST } }),
  'passport-http, plaintext': (app) => {
    protectWithPassport(app, (name, password) => PASSWORDS[name] === password);
  },
  'passport-http, bcrypt': async (app) => {
    const hashes = new Map<string, string>();
    for (const { name, password } of [USER, VICTIM]) hashes.set(name, await bcrypt.hash(password, COST));
    protectWithPassport(app, async (name, password) => {
      const hash = hashes.get(name);
      return hash !== undefined && bcrypt.compare(password, hash);
    });
  },
  'express-basic-auth': (app) => {
    app.use(basicAuth({ users: PASSWORDS }));
  },
} satisfies Record<string, (app: Express, folder: string, postgres: string) => void | Promise<void>>;

export type AppName = keyof typeof PROTECTIONS;

/**
 * The same app behind each of the compared protections.
 *
 * @param folder for apps that keep their users in SQLite
 * @param postgres the URL for apps that keep their users in PostgreSQL
 */
export async function createApp(name: AppName, folder: string, postgres: string): Promise<Express> {
  const app = express();
  // A flood may claim to come through this proxy.
  app.set('trust proxy', 'loopback');
  app.get('/probe', probe);
  await PROTECTIONS[name](app, folder, postgres);
  app.get('/kapacitor/v1/tasks', (_req, res) => {
    res.json({ tasks: [] });
  });
  return app;
}

async function protect(app: Express, config: KapacitorAuthConfig): Promise<void> {
  const auth = kapacitorAuth(config);
  for (const user of [USER, VICTIM]) {
    if ((await auth.users.get(user.name)) === undefined) await auth.users.create({ ...user, permissions: ['api'] });
  }
  app.use(auth);
}

/** Times the look-up of a file and of a name, which use the same threads as bcrypt. Needs no login. */
const probe: RequestHandler = async (_req, res) => {
  const begin = performance.now();
  await readFile(new URL(import.meta.url));
  const file = performance.now() - begin;
  await lookup('localhost');
  res.json({ file, name: performance.now() - begin - file });
};

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
