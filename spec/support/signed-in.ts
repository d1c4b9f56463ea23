import type { RequestHandler } from 'express';
import express from 'express';
import type { KapacitorAuthConfig, NewUser } from 'kapacitor-auth';
import { showUser } from './app-behind.js';
import { createAuth } from './auth.js';
import { type Answer, type SentRequest, serve } from './server.js';

export const SESSION = '/kapacitor/v1/session';
export const SIGN_IN = '/kapacitor/v1/sign-in';
export const SIGN_OUT = '/kapacitor/v1/sign-out';

/** The headers of a page that sends its form to its own host. */
export const FORM: Record<string, string> = {
  'Content-Type': 'application/x-www-form-urlencoded',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'navigate',
};

/** The headers of a person who opens a page. */
export const NAVIGATION: Record<string, string> = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'none' };

interface SessionApp {
  readonly config?: KapacitorAuthConfig;
  readonly users?: readonly NewUser[];
  /** Before the guard. */
  readonly before?: readonly RequestHandler[];
  /** Behind one proxy, which ends TLS. */
  readonly isProxied?: boolean;
}

/** Serves an app with sessions, which shows its user behind the guard, until the test is over. */
export async function serveSessions({ config = {}, users, before = [], isProxied = false }: SessionApp = {}) {
  const auth = await createAuth({ ...config, http: { sessions: true, ...config.http } }, users);
  const app = express();
  if (isProxied) app.set('trust proxy', 1);
  for (const handler of before) app.use(handler);
  app.use(auth);
  app.use(showUser);
  const server = await serve(app);
  const signIn = async (name = 'api', password = 'pw') => cookieOf(await post(server.send, name, password));
  return { auth, app, ...server, signIn };
}

/** Signs in as a script does. */
export function post(
  send: (request: SentRequest) => Promise<Answer>,
  name: string,
  password: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = JSON.stringify({ name, password });
  return send({ method: 'POST', path: SESSION, headers: { 'Content-Type': 'application/json', ...headers }, body });
}

/** `kapacitor-auth=kas_…`: the cookie that an answer sets, as a browser sends it. */
export function cookieOf({ headers }: Pick<Answer, 'headers'>): string {
  const [cookie = ''] = (headers['set-cookie'] ?? []).at(-1)?.split(';') ?? [];
  return cookie;
}

/** The name of the user that an app shows. */
export function userOf(answer: Answer): string | undefined {
  return answer.body?.name;
}
