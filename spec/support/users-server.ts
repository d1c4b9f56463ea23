import express, { type RequestHandler } from 'express';
import { createAuth } from './auth.js';
import { JSON_TYPE } from './content-types.js';
import { serve } from './server.js';

export const USERS = '/kapacitor/v1/users';

/** Serves the users API, behind these handlers of the app's, until the test is over. */
export async function serveUsers(...before: RequestHandler[]) {
  const auth = await createAuth();
  const app = express();
  for (const handler of before) app.use(handler);
  app.use(auth);
  const server = await serve(app);
  return { auth, ...server };
}

export const KEYS: string = `${USERS}/api/keys`;

/** Serves the users API, and makes keys of the user `api` with it, until the test is over. */
export async function serveKeys() {
  const server = await serveUsers();
  const post = (body: unknown, auth = 'api:pw', path = KEYS) =>
    server.send({ method: 'POST', path, auth, headers: JSON_TYPE, body: JSON.stringify(body) });
  return { ...server, post };
}
