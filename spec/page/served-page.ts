import express, { type Express } from 'express';
import type { KapacitorAuth, KapacitorAuthConfig, NewUser } from 'kapacitor-auth';
import { createAuth } from '../support/auth.js';
import { serve, type TestServer } from '../support/server.js';

export const API = '/kapacitor/v1';
export const PAGE: string = `${API}/admin`;

/** The password of every user that a test begins with. */
export const PASSWORD = 'a password of theirs';

export const ROOT: NewUser = { name: 'root', password: PASSWORD, type: 'admin' };
export const JANE: NewUser<string> = { name: 'jane', password: PASSWORD, permissions: ['clerk'] };
export const JOHN: NewUser = { name: 'john', password: PASSWORD, permissions: ['write_points'] };

/** The app's own permissions. */
const PERMISSIONS = { clerk: { '/orders': ['read', 'write'] } } as const;

export interface ServedPage extends TestServer {
  readonly auth: KapacitorAuth;
  /** Where the page is. */
  readonly pageUrl: string;
}

interface ServedApp extends KapacitorAuthConfig {
  readonly users?: readonly NewUser<string>[];
  /** Defaults to the installed Express 5. */
  readonly createApp?: () => Express;
  /** Adds what the app has behind the middleware. */
  readonly behind?: (app: Express, auth: KapacitorAuth) => void;
}

/** Serves an app with the page for users, until the test is over. The users are root, an admin, jane and john. */
export async function servePage(served: ServedApp = {}): Promise<ServedPage> {
  const { users = [ROOT, JANE, JOHN], createApp = express, behind, http, auth: settings, permissions } = served;
  const auth = await createAuth(
    {
      permissions: permissions ?? PERMISSIONS,
      http: { usersPage: true, ...http },
      auth: { minimumPasswordLength: 8, ...settings },
    },
    users,
  );
  const app = createApp();
  app.use(auth);
  behind?.(app, auth);
  const server = await serve(app);
  return { auth, ...server, pageUrl: `${server.url}${PAGE}` };
}
