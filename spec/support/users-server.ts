import express, { type RequestHandler } from 'express';
import { createAuth } from './auth.js';
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
