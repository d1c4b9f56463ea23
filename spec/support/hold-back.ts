import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import express from 'express';
import type { KapacitorAuth, KapacitorAuthConfig } from 'kapacitor-auth';
import { createAuth } from './auth.js';
import { type Answer, basic, serve, type TestServer } from './server.js';

interface HeldBack {
  readonly auth: KapacitorAuth;
  readonly send: TestServer['send'];
  /** Sends the last byte, and gives the answer. */
  finish(): Promise<Pick<Answer, 'status' | 'body'>>;
}

/** Sends all of a request but its last byte, and waits until the server, which knows the user by then, waits for it. */
export async function holdBack(
  method: string,
  path: string,
  who: string,
  body: string,
  config: KapacitorAuthConfig = {},
): Promise<HeldBack> {
  let waits = () => {};
  const waiting = new Promise<void>((resolve) => {
    waits = resolve;
  });
  // The users of another store are there already.
  const auth = await createAuth(config, config.auth?.store === undefined ? undefined : []);
  const app = express();
  app.use((req, _res, next) => {
    // Somebody reads the body only when the user is known.
    req.once('resume', () => waits());
    next();
  });
  app.use(auth);
  const { port, send } = await serve(app);
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path,
    agent: false,
    headers: { Authorization: basic(who), 'Content-Length': Buffer.byteLength(body) },
  });
  const answered = once(request, 'response');
  request.write(body.slice(0, -1));
  await waiting;
  const finish = async () => {
    request.end(body.slice(-1));
    const [response] = (await answered) as [IncomingMessage];
    return { status: response.statusCode as number, body: await json(response) };
  };
  return { auth, send, finish };
}
