import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { inspect } from 'node:util';
import bcrypt from 'bcrypt';
import connect from 'connect';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import {
  type HttpConfig,
  type KapacitorAuth,
  KapacitorAuthError,
  MemoryUserRepository,
  StoreError,
} from 'kapacitor-auth';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Tarpit } from '../../lib/authentication/tarpit.js';
import { createAuth } from '../support/auth.js';
import { basic, type SentRequest, serve } from '../support/server.js';
import { serveUpgrades } from '../support/upgrade.js';

const CHALLENGE = 'Basic realm="Kapacitor", charset="UTF-8"';
const USERS = '/kapacitor/v1/users';

beforeEach(() => {
  vi.spyOn(Tarpit.prototype, 'hold').mockResolvedValue();
});

/** An app whose error handler answers in its own words, and keeps the errors. */
async function serveOwn(
  make: (auth: KapacitorAuth) => RequestHandler = (auth) => auth,
  http: HttpConfig = { allowedHosts: ['127.0.0.1'] },
) {
  const repository = new MemoryUserRepository();
  const auth = await createAuth({
    http: { refusals: 'next', ...http },
    auth: { store: repository, failureLimit: 2 },
  });
  const errors: KapacitorAuthError[] = [];
  const own: ErrorRequestHandler = (error, _req, res, _next) => {
    errors.push(error);
    res
      .status(error.statusCode)
      .set(error.headers)
      .json({ own: error.expose ? error.message : 'secret' });
  };
  const app = express()
    .use(make(auth))
    .use(((_req, res) => void res.status(299).end()) as RequestHandler)
    .use(own);
  return { auth, repository, errors, ...(await serve(app, { isDocumented: false })) };
}

describe("http.refusals: 'next'", () => {
  it.each<[string, Partial<SentRequest>, number, string, string, string | undefined]>([
    ['no credentials', {}, 401, 'UNAUTHENTICATED', 'unable to parse authentication credentials', CHALLENGE],
    ['wrong credentials', { auth: 'api:wrong' }, 401, 'UNAUTHENTICATED', 'authorization failed', CHALLENGE],
    [
      'a script without credentials',
      { headers: { 'X-Requested-With': 'XMLHttpRequest' } },
      401,
      'UNAUTHENTICATED',
      'unable to parse authentication credentials',
      undefined,
    ],
    [
      'a user without the privilege',
      { auth: 'nobody:pw' },
      403,
      'FORBIDDEN',
      'user nobody does not have "read" privilege for API endpoint "/x"',
      undefined,
    ],
    ['no credentials at an own endpoint', { path: '/kapacitor/v1/me' }, 401, 'UNAUTHENTICATED', 'unable to', CHALLENGE],
    [
      'a user who may not list users',
      { path: USERS, auth: 'nobody:pw' },
      403,
      'FORBIDDEN',
      '"read" privilege',
      undefined,
    ],
    [
      'a user who may not see definitions',
      { path: '/kapacitor/v1/permissions', auth: 'nobody:pw' },
      403,
      'FORBIDDEN',
      '',
      undefined,
    ],
    [
      'a page of another site',
      { method: 'DELETE', path: `${USERS}/api`, auth: 'root:r00t', headers: { Origin: 'http://evil.example' } },
      403,
      'FORBIDDEN',
      'a page of another site may not change users',
      undefined,
    ],
    [
      'a wrong current password',
      { method: 'PATCH', path: `${USERS}/api`, auth: 'api:pw', body: '{"password":"new","currentPassword":"x"}' },
      403,
      'FORBIDDEN',
      'the current password is wrong',
      undefined,
    ],
  ])('gives %s to the app’s error handler', async (_what, request, status, code, message, challenge) => {
    const { send, errors } = await serveOwn();
    const answer = await send({ path: '/x', ...request });
    expect(errors).toHaveLength(1);
    const [error] = errors as [KapacitorAuthError];
    expect(error).toBeInstanceOf(KapacitorAuthError);
    expect(error).toMatchObject({
      code,
      status,
      statusCode: status,
      expose: true,
      message: expect.stringContaining(message),
    });
    expect(answer).toMatchObject({ status, body: { own: error.message }, headers: { 'cache-control': 'no-store' } });
    expect(answer.headers['www-authenticate']).toBe(challenge);
  });

  it.each<[string, (auth: KapacitorAuth) => RequestHandler, string, number]>([
    ['authenticate', (auth) => auth.authenticate, 'api:wrong', 401],
    ['optional', (auth) => auth.optional, 'api:wrong', 401],
    ['requireAdmin', (auth) => auth.requireAdmin, 'api:pw', 403],
    ['requirePrivilege()', (auth) => auth.requirePrivilege('all', '/api/config'), 'api:pw', 403],
    ['usersRouter', (auth) => auth.usersRouter, 'nobody:pw', 403],
    ['a router mounted below', (auth) => express.Router().use('/x', express.Router().use(auth)), 'nobody:pw', 403],
  ])('holds for %s', async (_what, make, credentials, status) => {
    const { send, errors } = await serveOwn(make);
    const answer = await send({ path: '/x', auth: credentials });
    // `/x` is the name of a user for a users API at the root.
    expect([answer.status, errors.map((error) => error.status)]).toEqual([status, [status]]);
    const head = await send({ method: 'HEAD', path: '/x', auth: credentials });
    expect([head.status, head.text, errors.length]).toEqual([status, '', 2]);
  });

  it('gives 429 with Retry-After, and 401 to a person who can type another password', async () => {
    const { send, errors } = await serveOwn();
    await send({ path: '/x', auth: 'api:wrong' });
    await send({ path: '/x', auth: 'api:wrong again' });
    const refused = await send({ path: '/x', auth: 'api:pw' });
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^\d+$/) } });
    expect(errors.at(-1)).toMatchObject({ code: 'THROTTLED', headers: { 'Cache-Control': 'no-store' } });
    const person = await send({ path: '/x', auth: 'api:pw', headers: { 'Sec-Fetch-Mode': 'navigate' } });
    expect(person).toMatchObject({
      status: 401,
      headers: { 'retry-after': expect.stringMatching(/^\d+$/), 'www-authenticate': CHALLENGE },
    });
    expect(errors.at(-1)).toMatchObject({ code: 'UNAUTHENTICATED', cause: { code: 'THROTTLED' } });
  });

  it('gives 503 for a store that fails, in the users API as well', async () => {
    const { send, errors, repository } = await serveOwn();
    await send({ path: '/x', auth: 'root:r00t' });
    vi.spyOn(repository, 'list').mockImplementation(() => {
      throw new Error('connect ECONNREFUSED');
    });
    expect((await send({ path: USERS, auth: 'root:r00t' })).status).toBe(503);
    vi.spyOn(repository, 'find').mockImplementation(() => {
      throw new Error('connect ECONNREFUSED');
    });
    const answer = await send({ path: '/x', auth: 'api:pw' });
    expect(answer).toMatchObject({ status: 503, body: { own: 'the user store is unavailable' } });
    expect(errors.map(({ code }) => code)).toEqual(['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
  });

  it('keeps the cause of an unexpected error, and shows nothing of it', async () => {
    const { send, errors } = await serveOwn();
    const failure = new Error('cannot compare pw with $2b$04$…');
    vi.spyOn(bcrypt, 'compare').mockImplementation((async () => {
      throw failure;
    }) as never);
    const answer = await send({ path: '/x', auth: 'api:pw' });
    expect(answer).toMatchObject({ status: 503, body: { own: 'authentication is unavailable' } });
    expect(errors).toEqual([expect.any(StoreError)]);
    expect(errors[0]?.cause).toBe(failure);
    expect(errors[0]?.stack).not.toContain('$2b$');
  });

  it.each(['http://kim:hunter2@h/x', '/x;p=hunter2', '/x#hunter2', `/x%3fhunter2`, `http://kim:hunter2@h${USERS}`])(
    'gives no password in a path to an error, which an app may log: %s',
    async (path) => {
      const { send, errors } = await serveOwn((auth) => auth, {});
      const answer = await send({ path, auth: 'nobody:pw' });
      expect(answer.status).toBe(403);
      expect(inspect(errors)).toContain('for API endpoint "');
      expect(inspect(errors) + answer.text).not.toContain('hunter2');
    },
  );

  it.each<[string, Partial<SentRequest>, number]>([
    ['a user who does not exist', { path: `${USERS}/nobody-at-all` }, 404],
    ['a method that is not there', { method: 'PUT', path: USERS }, 405],
    ['a field that is not valid', { method: 'POST', path: USERS, body: '{"nam":"x"}' }, 400],
    ['a path that is malformed', { path: `${USERS}/%E0%A4%A` }, 400],
    ['a name that is taken', { method: 'POST', path: USERS, body: '{"name":"api","password":"pw"}' }, 409],
    ['the last admin', { method: 'DELETE', path: `${USERS}/root` }, 409],
    ['a host that is not served', { headers: { Host: 'evil.example' } }, 421],
  ])('leaves all other answers to this package: %s', async (_what, request, status) => {
    const { send, errors } = await serveOwn();
    const answer = await send({ path: '/x', auth: 'root:r00t', ...request });
    expect([answer.status, typeof answer.body?.error, errors]).toEqual([status, 'string', []]);
  });

  it('is answered by Express itself with status and headers where the app has no error handler', async () => {
    const auth = await createAuth({ http: { refusals: 'next' } });
    const { send } = await serve(express().use(auth));
    const stranger = await send({ path: '/x', headers: { Accept: 'text/html' } });
    expect(stranger).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': CHALLENGE, 'cache-control': 'no-store' },
    });
    expect(stranger.headers['content-type']).toBe('text/html; charset=utf-8');
    expect((await send({ path: '/x', auth: 'nobody:pw' })).status).toBe(403);
  });

  it('is answered by Connect as well', async () => {
    const auth = await createAuth({ http: { refusals: 'next' } });
    const { send } = await serve(connect().use('/below', auth));
    expect((await send({ path: '/below/x' })).status).toBe(401);
    expect((await send({ path: '/below/x', auth: 'nobody:pw' })).status).toBe(403);
  });

  it('leaves a request alone that the app has answered', async () => {
    const auth = await createAuth({ http: { refusals: 'next' } });
    const onError = vi.fn();
    const app = express();
    app.use((_req, res, next) => {
      res.status(204).end();
      next();
    });
    app.use(auth.requireAdmin);
    app.use(((error, _req, _res, _next) => onError(error)) as ErrorRequestHandler);
    const { send } = await serve(app);
    // From here on, the decision needs no wait.
    await auth.verify(basic('api:pw'), { from: '127.0.0.1' });
    expect((await send({ path: '/x', auth: 'api:pw' })).status).toBe(204);
    expect(onError).not.toHaveBeenCalled();
  });

  it('lets an error that `next` throws reach the caller, and calls `next` once', async () => {
    const auth = await createAuth({ http: { refusals: 'next' } });
    const req = () => {
      const message = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/x' });
      message.headers.authorization = basic('api:pw');
      return message;
    };
    // From here on, the decision needs no wait.
    await new Promise<unknown>((resolve) => auth(req(), new ServerResponse(req()), resolve));
    const next = vi.fn((error: unknown) => {
      throw Object.assign(new Error('the app’s own'), { cause: error });
    });
    const call = () => auth.requireAdmin(req(), new ServerResponse(req()), next);
    expect(call).toThrow('the app’s own');
    expect(next.mock.calls).toEqual([[expect.objectContaining({ code: 'FORBIDDEN' })]]);
  });

  it('does not hold for a `next` that takes no error, and would let everybody in', async () => {
    const auth = await createAuth({ http: { refusals: 'next' } });
    const { send } = await serve((req, res) => auth(req, res, () => res.end('secret')));
    expect(await send({ path: '/x' })).toMatchObject({ status: 401, body: { error: expect.any(String) } });
    expect((await send({ path: '/x', auth: 'nobody:pw' })).status).toBe(403);
    expect((await send({ path: '/x', auth: 'api:pw' })).text).toBe('secret');
  });

  it('does not hold for an upgrade, which has no error handler', async () => {
    const { ask } = await serveUpgrades(await createAuth({ http: { refusals: 'next' } }));
    expect(await ask()).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\nWWW-Authenticate: /);
    expect(await ask({ auth: 'nobody:pw' })).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
  });
});

describe("http.refusals: 'answer'", () => {
  it('is the default, whatever a client accepts', async () => {
    const auth = await createAuth();
    const { send } = await serve(express().use(auth));
    const answer = await send({ path: '/x', headers: { Accept: 'text/html' } });
    expect(answer).toMatchObject({ status: 401, body: { error: 'unable to parse authentication credentials' } });
  });
});
