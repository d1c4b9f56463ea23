import { request as httpRequest } from 'node:http';
import { io } from 'socket.io-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Host, sharedHosts, startHost } from './support/host.js';
import { HOSTS, MIDDLEWARES, type MiddlewareName } from './support/hosts.js';
import { type Answer, basic } from './support/server.js';

const hostOf = sharedHosts();
const CHALLENGE = 'Basic realm="Kapacitor", charset="UTF-8"';

/** An answer of this package, on any host. */
function expectRefusal(answer: Answer, status: number, message: string): void {
  expect(answer.status).toBe(status);
  expect(answer.body).toEqual({ error: message, message });
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(answer.text)),
    'cache-control': 'no-store',
  });
  expect(answer.headers['www-authenticate']).toBe(status === 401 ? CHALLENGE : undefined);
}

/** The refusals for a user without permissions, and for a user who is not an admin. */
const DENIALS: Readonly<Record<MiddlewareName, readonly [credentials: string, message: string] | undefined>> = {
  auth: ['nobody:pw', 'user nobody does not have "read" privilege for API endpoint "/socket.io/"'],
  authenticate: undefined,
  'requirePrivilege()': ['nobody:pw', 'user nobody does not have "read" privilege for API endpoint "/socket.io/"'],
  requireAdmin: ['api:pw', 'user api may not do this: an admin is required'],
};

describe.each(HOSTS)('%s', (name) => {
  it.each(MIDDLEWARES)('still serves behind %s after a request with any credentials', async (middleware) => {
    const host = await hostOf(name);
    for (const auth of ['root:wrong', 'unknown:pw', 'nobody:']) {
      expectRefusal(await host.ask(middleware, { auth }), 401, 'authorization failed');
    }
    expectRefusal(await host.ask(middleware), 401, 'unable to parse authentication credentials');
    expectRefusal(await host.ask(middleware, { auth: ':pw' }), 401, 'username required');
    const digest = await host.ask(middleware, { headers: { Authorization: 'Digest x' } });
    expectRefusal(digest, 401, 'unable to parse authentication credentials');
    const denial = DENIALS[middleware];
    if (denial !== undefined) expectRefusal(await host.ask(middleware, { auth: denial[0] }), 403, denial[1]);
    // The first time the password is verified, the second time it is known.
    for (let time = 0; time < 2; time += 1) {
      const answer = await host.ask(middleware, { auth: 'root:r00t' });
      expect(answer.status).toBe(200);
      if (name !== 'socket.io') expect(answer.body).toMatchObject({ name: 'root', type: 'admin' });
      else expect(answer.text).toMatch(/^0\{"sid":/);
    }
    expect((await host.ask(middleware, { method: 'OPTIONS' })).status).toBe(204);
    expect(host.uncaught).toEqual([]);
  });

  it('sends Retry-After after too many wrong passwords', async () => {
    const host = await hostOf(name);
    const guesses = Array.from({ length: 21 }, (_, index) => host.ask('authenticate', { auth: `api:wrong ${index}` }));
    const throttled = (await Promise.all(guesses)).filter(({ status }) => status !== 401);
    expect(throttled).toHaveLength(1);
    expectRefusal(throttled[0] as Answer, 429, 'too many failed attempts: try again in 600 s');
    expect(throttled[0]?.headers['retry-after']).toBe('600');
    expect(host.uncaught).toEqual([]);
  });
});

describe.each(['express 5', 'express 4', 'connect', 'node:http'] as const)('the users API on %s', (name) => {
  const auth = 'root:r00t';
  const users = '/kapacitor/v1/users';

  it('is the same as on any other host', async () => {
    const host = await hostOf(name);
    const ask = (method: string, path: string, body?: object) =>
      host.ask('auth', { method, path, auth, ...(body && { body: JSON.stringify(body) }) });
    const jane = { link: { rel: 'self', href: `${users}/jane` }, name: 'jane', type: 'normal', permissions: ['api'] };

    expect((await ask('POST', users, { name: 'jane', password: 'pw', permissions: ['api'] })).body).toEqual(jane);
    expect((await ask('GET', `${users}/jane`)).body).toEqual(jane);
    expect((await ask('GET', `${users}?pattern=jane`)).body).toEqual({ users: [jane] });
    expect((await ask('PATCH', `${users}/jane`, { permissions: [] })).body).toEqual({ ...jane, permissions: [] });
    expectRefusal(await ask('POST', users, { name: 'jane', password: 'pw' }), 409, 'user "jane" already exists');
    expect((await ask('DELETE', `${users}/jane`)).status).toBe(204);
    expectRefusal(await ask('GET', `${users}/jane`), 404, 'no user exists');
    expectRefusal(await ask('GET', `${users}/%zz`), 400, 'malformed path');
    const put = await ask('PUT', users);
    expectRefusal(put, 405, 'method not allowed');
    expect(put.headers.allow).toBe('GET, HEAD, POST, OPTIONS');
    const head = await ask('HEAD', `${users}/root`);
    expect([head.status, head.text]).toEqual([200, '']);
    expect((await ask('OPTIONS', users)).headers.allow).toBe('GET, HEAD, POST, OPTIONS');
    expect((await ask('GET', '/kapacitor/v1/me')).body).toMatchObject({ name: 'root', type: 'admin' });
    expectRefusal(await ask('POST', '/kapacitor/v1/me'), 405, 'method not allowed');
    expectRefusal(await host.ask('auth', { path: users }), 401, 'unable to parse authentication credentials');
    // A path that only looks like an own endpoint goes on to the app.
    expect((await ask('GET', '/users')).body).toMatchObject({ name: 'root' });
    expect(host.uncaught).toEqual([]);
  });
});

describe('connect', () => {
  it('has links, and a guard, that include the path of a mount', async () => {
    const host = await hostOf('connect');
    const user = await host.ask('auth', { path: '/mounted/kapacitor/v1/users/api', auth: 'root:r00t' });
    expect(user.body.link.href).toBe('/mounted/kapacitor/v1/users/api');
    const me = await host.ask('auth', { path: '/mounted/kapacitor/v1/me', auth: 'api:pw' });
    expect(me.body.link.href).toBe('/mounted/kapacitor/v1/users/api');
    expect((await host.ask('auth', { path: '/mounted/kapacitor/v1/config', auth: 'api:pw' })).status).toBe(403);
    expect((await host.ask('auth', { path: '/mounted', auth: 'api:pw' })).status).toBe(200);
  });
});

describe('an error of the app’s own handler', () => {
  it.each(['express 5', 'express 4', 'connect'] as const)('reaches the error handling of %s', async (name) => {
    const host = await hostOf(name);
    for (let time = 0; time < 2; time += 1) {
      const answer = await host.ask('auth', { path: '/throws', auth: 'api:pw' });
      expect([answer.status, answer.text.includes('of the app')]).toEqual([500, true]);
    }
    expect(host.uncaught).toEqual([]);
  });

  it('is an uncaught exception on a bare server, as without the guard, whether or not a password was verified', async () => {
    const host = await startHost('node:http');
    onTestFinished(() => host.close());
    for (const middleware of MIDDLEWARES) {
      void host.ask(middleware, { path: '/throws', auth: 'root:r00t' }).catch(() => {});
    }
    await vi.waitFor(() => expect(host.uncaught).toHaveLength(4));
    void host.ask('auth', { path: '/throws', auth: 'root:r00t' }).catch(() => {});
    await vi.waitFor(() => expect(host.uncaught).toHaveLength(5));
    expect(new Set(host.uncaught)).toEqual(new Set(['uncaughtException: of the app']));
  });
});

describe('socket.io', () => {
  /** The first message that a client gets. */
  function connect({ ports }: Host, middleware: MiddlewareName, transport: string, auth?: string): Promise<unknown> {
    const client = io(`http://127.0.0.1:${ports[middleware]}`, {
      transports: [transport],
      reconnection: false,
      forceNew: true,
      ...(auth !== undefined && { extraHeaders: { Authorization: basic(auth) } }),
    });
    onTestFinished(() => {
      client.close();
    });
    return new Promise((resolve) => {
      client.on('user', (user) => resolve(user.name));
      client.on('connect_error', () => resolve('refused'));
    });
  }

  it.each(['polling', 'websocket'])('lets clients in with the right password on %s', async (transport) => {
    const host = await hostOf('socket.io');
    for (const middleware of MIDDLEWARES) {
      expect(await connect(host, middleware, transport, 'root:wrong')).toBe('refused');
      expect(await connect(host, middleware, transport)).toBe('refused');
      expect(await connect(host, middleware, transport, 'root:r00t')).toBe('root');
      expect(await connect(host, middleware, transport, 'root:r00t')).toBe('root');
    }
    expect(await connect(host, 'requireAdmin', transport, 'api:pw')).toBe('refused');
    expect(host.uncaught).toEqual([]);
  });

  it('closes the connection of an upgrade without credentials', async () => {
    const { ports, uncaught } = await hostOf('socket.io');
    for (const middleware of MIDDLEWARES) {
      const ended = await new Promise((resolve) => {
        const headers = {
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        };
        httpRequest({ port: ports[middleware], path: '/socket.io/?EIO=4&transport=websocket', headers })
          .on('upgrade', () => resolve('let in'))
          .on('response', () => resolve('answered'))
          .on('error', () => resolve('hung up'))
          .end();
      });
      expect(ended).toBe('hung up');
    }
    expect(uncaught).toEqual([]);
  });
});
